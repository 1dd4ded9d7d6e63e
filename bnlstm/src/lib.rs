//! Research on normalization in recurrent networks: tasks, experiments and reports.
//!
//! * [`normalization`]: which normalization stands at which site, as text
//! * [`cell`]: the recurrent cells and their sites; [`regularization`]; [`list`]: all there is
//! * [`describe`]: what a model computes, keeps and costs
//! * [`data`]: the files that users have; [`task`]: what is learned
//! * [`presets`], [`settings`], [`config`]: what a run is
//! * [`trainer`], [`run`], [`runs`], [`sweep`], [`comparison`]: runs; [`study`]: a short one for a cell or a
//!   normalization of one's own
//! * [`reproduce`]: the tables and figures of the paper
//! * [`probe`], [`saturation`], [`population`]: what gradients and statistics do over time
//! * [`run_directory`], [`metrics`], [`report`], [`tensorboard`], [`figure`], [`table`], [`progress`]: what one
//!   sees of them
//! * [`commands`]: the command line
#![forbid(unsafe_code)]

pub mod cell;
pub mod commands;
pub mod comparison;
pub mod config;
pub mod data;
pub mod describe;
pub mod device;
pub mod diagnostics;
pub mod figure;
pub mod list;
pub mod mean_std;
pub mod metrics;
pub mod model;
pub mod normalization;
mod number;
pub mod parallel;
pub mod population;
pub mod presets;
pub mod probe;
pub mod progress;
pub mod regularization;
pub mod report;
pub mod reproduce;
pub mod run;
pub mod run_directory;
pub mod runs;
pub mod saturation;
pub mod scores;
pub mod settings;
pub mod study;
pub mod sweep;
pub mod table;
pub mod task;
pub mod tensorboard;
pub mod text;
pub mod trainer;

/// The example of the README, compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
