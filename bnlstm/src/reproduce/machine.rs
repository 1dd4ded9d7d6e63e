//! On what something was measured.

use std::fs;

use crate::device::DeviceChoice;

/// The processor as the operating system names it, its threads, and what computes.
pub fn machine(device: DeviceChoice) -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let processor = processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{processor}, {}", device.describe())
}
