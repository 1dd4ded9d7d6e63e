//! The time of one training step, against what the machine can do.
//!
//! `cargo run --release -p benches --bin train_step -- --config pmnist --norm batch`
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use autodiff::Device;
use benches::peak::peak_flops;
use benches::times::median;
use benches::{Norm, Phases, TrainStep, TrainStepConfig};
use clap::{Parser, ValueEnum};
use kernels::simd::simd_report;
use kernels::{Backend, Cpu, Profile, Work};
use serde::Serialize;

/// Sizes of a model and of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Config {
    /// T = 784, B = 100, D = 1, H = 100, 10 classes, loss on the last state, RMSProp.
    Pmnist,
    /// T = 100, B = 64, one-hot of 50, H = 1000, loss on every state, Adam.
    Ptb,
    /// T = 64, B = 64, D = 8, H = 64, 10 classes, loss on the last state, RMSProp.
    Small,
}

/// Times training steps: forward, backward, running statistics, clipping, optimizer.
#[derive(Debug, Parser)]
struct Cli {
    /// Sizes.
    #[arg(long, value_enum, default_value = "pmnist")]
    config: Config,
    /// Normalization, as `bnlstm train --norm` takes it: none, batch, layer, rms, weight …
    #[arg(long, default_value = "batch")]
    norm: Norm,
    /// Steps to time, after two that are not.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Threads.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
    /// Print one JSON object; its `peak_mb` is in MiB, and null where the system does not tell.
    #[arg(long)]
    json: bool,
    /// Also print where the time goes: the mean of each phase, and the kinds of work on the first
    /// thread, where exchange includes waiting for the others.
    #[arg(long, conflicts_with = "json")]
    profile: bool,
}

#[derive(Serialize)]
struct Report {
    config: String,
    norm: String,
    threads: u32,
    median_ms: f64,
    min_ms: f64,
    /// Of the step's matrix products, over the median time.
    gflops: f64,
    /// Of multiply-adds in registers, on as many threads.
    peak_gflops: f64,
    fraction: f64,
    /// Largest resident memory in MiB; null where the system does not tell.
    peak_mb: Option<f64>,
}

fn main() {
    let cli = Cli::parse();
    let threads = cli.threads as usize;
    let mut cpu = Cpu::new(threads);
    // Without the option there is nothing to take the times of.
    let profile = cli.profile.then(|| {
        let (profiled, profile) = cpu.clone().profiled();
        cpu = profiled;
        profile
    });
    let device = Device::<f32>::new(Arc::new(cpu.clone()) as Arc<dyn Backend<f32>>);
    let config = match cli.config {
        Config::Pmnist => TrainStepConfig::PMNIST,
        Config::Ptb => TrainStepConfig::PTB,
        Config::Small => TrainStepConfig::SMALL,
    };
    let mut phases = Phases::default();
    let mut times = cpu.install(|| {
        let mut step = TrainStep::new(&device, config, cli.norm.clone());
        step.run();
        step.run();
        profile.iter().for_each(|profile| profile.reset());
        (0..cli.steps)
            .map(|_| {
                let start = Instant::now();
                step.run_timed(&mut phases);
                1e3 * start.elapsed().as_secs_f64()
            })
            .collect::<Vec<f64>>()
    });
    let peak_mb = peak_memory_mb();
    let median_ms = median(&mut times);
    let min_ms = times[0];
    let peak_gflops = 1e-9 * peak_flops::<f32>(threads);
    let gflops = 1e-6 * config.flops() / median_ms;
    let report = Report {
        config: name(cli.config),
        norm: cli.norm.to_string(),
        threads: cli.threads,
        median_ms,
        min_ms,
        gflops,
        peak_gflops,
        fraction: gflops / peak_gflops,
        peak_mb,
    };
    if cli.json {
        println!("{}", serde_json::to_string(&report).expect("numbers and names"));
        return;
    }
    println!("{}", simd_report());
    let memory = peak_mb.map_or("unknown".to_owned(), |mb| format!("{mb:.0} MiB"));
    println!(
        "{} norm={} threads={}: median {median_ms:.2} ms, min {min_ms:.2} ms, {gflops:.1} GFLOP/s, \
         {:.3} of the peak of {peak_gflops:.1}, peak memory {memory}",
        report.config, report.norm, report.threads, report.fraction
    );
    if let Some(profile) = profile {
        print_profile(&profile, phases, f64::from(cli.steps));
    }
}

/// Times of a step by phase, and by kind of work on the first thread.
fn print_profile(profile: &Profile, phases: Phases, steps: f64) {
    let ms = |time: Duration| 1e3 * time.as_secs_f64() / steps;
    let Phases {
        forward,
        backward,
        update,
    } = phases;
    println!(
        "forward {:.2} ms, backward {:.2} ms, update {:.2} ms",
        ms(forward),
        ms(backward),
        ms(update)
    );
    let mut rest = forward + backward + update;
    let times: Vec<String> = Work::ALL
        .into_iter()
        .map(|work| {
            rest = rest.saturating_sub(profile.time(work));
            format!("{} {:.2} ms", work.name(), ms(profile.time(work)))
        })
        .collect();
    println!("{}, rest {:.2} ms", times.join(", "), ms(rest));
}

fn name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("no value is hidden");
    value.get_name().to_owned()
}

/// Largest resident memory of this process so far in MiB, where the system tells.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    // The system's kB are 1024 bytes.
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes / 1024.0)
}
