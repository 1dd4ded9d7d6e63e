//! Whether a sequence takes longer once its gradients or states become so small that they would be
//! denormal numbers, which many processors handle an order of magnitude more slowly.
//!
//! `cargo run --release -p benches --bin decay`
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use benches::times::median;
use benches::{Course, Decay, DeviceName, Form};
use clap::Parser;
use kernels::simd::simd_report;

/// Times sequences with T = 784, B = 100, D = 1, H = 100, forward and backward: one whose values
/// decay through the range of denormal numbers, and one whose values last, in turns.
#[derive(Debug, Parser)]
struct Cli {
    /// Sequences of either kind to time, after one that is not.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Threads.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
}

fn main() {
    let cli = Cli::parse();
    println!("{}", simd_report());
    println!("medians of {} sequences, {} threads", cli.repeats, cli.threads);
    println!(
        "{:<16} {:<6} {:>11} {:>12} {:>7}",
        "what decays", "form", "lasting, ms", "decaying, ms", "ratio"
    );
    for decay in Decay::ALL {
        for form in Form::ALL {
            let [lasting, decaying] = compare(&cli, decay, form);
            let ratio = decaying / lasting;
            println!("{decay:<16} {form:<6} {lasting:>11.2} {decaying:>12.2} {ratio:>7.3}");
        }
    }
}

/// Median times of both courses, in milliseconds.
///
/// They take turns, since the speed of a machine drifts by more than the difference to be seen.
fn compare(cli: &Cli, decay: Decay, form: Form) -> [f64; 2] {
    let (device, home) = DeviceName::Cpu(cli.threads as usize).open::<f32>();
    let times = home.run(|| {
        let mut courses = Course::ALL.map(|course| decay.recurrence(course, &device, form));
        let mut times = [Vec::new(), Vec::new()];
        for turn in 0..=cli.repeats {
            for (recurrence, times) in courses.iter_mut().zip(&mut times) {
                let start = Instant::now();
                black_box(recurrence.forward_backward());
                if turn > 0 {
                    times.push(1e3 * start.elapsed().as_secs_f64());
                }
            }
        }
        times
    });
    times.map(|mut times| median(&mut times))
}
