//! The program as its users run it, and the same runs through the library.

mod bad_checkpoints;
mod bad_configurations;
mod bad_options;
mod closed_output;
mod compare;
mod data;
mod describe;
mod disk;
mod gradcheck_classifier;
mod help;
mod interrupt;
mod list;
mod population;
mod resume;
mod run_directories;
mod support;
mod threads;
