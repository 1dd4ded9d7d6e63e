//! Properties of recurrent layers: padding, directions and stacks, evaluation, statistics beyond the
//! last step, batches without variance.

mod attention;
mod beyond;
mod by_hand;
mod degenerate;
mod directions;
mod evaluation;
mod padding;
mod support;
