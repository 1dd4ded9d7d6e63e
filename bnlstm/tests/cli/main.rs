//! The program as its users run it, and the same runs through the library.

mod bad_checkpoints;
mod bad_configurations;
mod bad_options;
mod characters;
mod closed_output;
mod compare;
mod data;
mod describe;
mod disk;
mod fields;
mod gradcheck_classifier;
mod help;
mod images;
mod interrupt;
mod kill;
mod list;
mod listing;
mod population;
mod presets;
mod questions;
mod report;
mod resume;
mod run_directories;
mod support;
mod sweep;
mod threads;
