//! The regularizers of every cell.

mod choice;
mod drops;
mod fused;
mod gradcheck;
mod seeds;
mod support;
mod weight;
mod zoneout;
