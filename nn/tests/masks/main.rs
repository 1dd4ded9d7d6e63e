//! Properties of recurrent layers: padding, directions and stacks, evaluation, statistics beyond the
//! last step, batches without variance, sequences in parts.

mod attention;
mod beyond;
mod by_hand;
mod degenerate;
mod directions;
mod evaluation;
mod padding;
mod parts;
mod refused;
mod support;
