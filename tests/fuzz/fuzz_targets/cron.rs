//! Any bytes as a cron expression: `cargo +nightly fuzz run cron` in `tests`.

#![no_main]

#[path = "../reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reading::read(bytes));
