//! Properties of every normalization at every site of every cell, from the list that
//! `bnlstm list` prints: a new one is tested without being named here, or has to say which of
//! several things it does.

mod beyond;
mod degenerate;
mod directions;
mod evaluation;
mod fused;
mod invariance;
mod moments;
mod one;
mod padding;
mod parts;
mod support;
mod threads;
