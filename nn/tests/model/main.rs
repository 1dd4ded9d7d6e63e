//! Whole models: gradients, statistics, evaluation, optimizers, checkpoints, threads.

mod binding;
mod check;
mod checkpoint;
mod clip;
mod damage;
mod evaluation;
mod given;
mod gradcheck_lstm;
mod gradcheck_maps;
mod initial_noise;
mod moments;
mod optimizer;
mod optimizer_config;
mod population;
mod reach;
mod running;
mod support;
mod symbols;
mod threads;
mod training_errors;
mod unwritable;
