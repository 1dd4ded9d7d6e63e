//! Entry point of the fuzzing engine for [`fuzz::question`].
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::question(data));
