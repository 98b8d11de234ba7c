//! What a calendar time costs: an occurrence of ours beside one of croner, both on jiff and in one run, as Markdown.
//!
//! ```text
//! cargo bench -p job-tests --bench calendar             # half a minute
//! cargo bench -p job-tests --bench calendar -- --quick  # a few seconds, to see that it runs
//! ```
//!
//! Each row is the median of several rounds in turn, ours and theirs; a round walks the same number of occurrences
//! from the same start. The bars are 2 µs for common expressions and 50 µs for the rarest.

#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use croner::Cron;
use jiff::{Timestamp, Zoned};
use job_runtime::Schedule;

struct Row {
    expression: &'static str,
    zone: &'static str,
    /// Occurrences in a round.
    count: usize,
    bar: Duration,
}

const fn common(expression: &'static str, zone: &'static str) -> Row {
    Row { expression, zone, count: 5_000, bar: Duration::from_micros(2) }
}

const fn rare(expression: &'static str, zone: &'static str) -> Row {
    Row { expression, zone, count: 40, bar: Duration::from_micros(50) }
}

const ROWS: [Row; 14] = [
    common("* * * * * *", "UTC"),
    common("*/5 * * * *", "UTC"),
    common("30 2 * * *", "UTC"),
    common("* * * * * *", "Europe/Berlin"),
    common("*/5 * * * *", "Europe/Berlin"),
    common("0 * * * *", "Europe/Berlin"),
    common("30 2 * * *", "Europe/Berlin"),
    common("0 9-17 * * MON-FRI", "America/New_York"),
    common("0 2,14 * * SUN", "Australia/Lord_Howe"),
    common("0 0 L * *", "Europe/Berlin"),
    common("0 8 * * FRI#2", "Europe/Berlin"),
    rare("0 0 29 2 *", "Europe/Berlin"),
    rare("0 0 29 2 +MON", "UTC"),
    rare("0 0 29 2 +MON", "Europe/Berlin"),
];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 3 } else { 31 };
    println!("| expression | zone | ours | croner | croner × | bar | met |");
    println!("|---|---|---|---|---|---|---|");
    let met = ROWS.iter().filter(|row| measure(row, rounds)).count();
    println!("\n{met} of {} bars met", ROWS.len());
}

fn measure(row: &Row, rounds: usize) -> bool {
    let start: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    let schedule = Schedule::cron(row.expression).and_then(|cron| cron.tz(row.zone)).expect("a schedule");
    let theirs = Cron::from_str(row.expression).expect("an expression");
    let begin = start.in_tz(row.zone).expect("a zone");
    let (mut our_rounds, mut their_rounds) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        our_rounds.push(timed(row, || ours(&schedule, start.into(), row.count)));
        their_rounds.push(timed(row, || croners(&theirs, &begin, row.count)));
    }
    let (ours, theirs) = (median(our_rounds), median(their_rounds));
    let met = ours <= row.bar;
    let (name, zone, times) = (row.expression.replace('*', "\\*"), row.zone, theirs.as_secs_f64() / ours.as_secs_f64());
    println!("| {name} | {zone} | {ours:?} | {theirs:?} | {times:.1} | {:?} | {met} |", row.bar);
    met
}

fn ours(schedule: &Schedule, start: SystemTime, count: usize) -> usize {
    schedule.upcoming(start).take(count).map(black_box).count()
}

fn croners(cron: &Cron, start: &Zoned, count: usize) -> usize {
    cron.iter_after(start.clone()).take(count).map(black_box).count()
}

/// The time of one occurrence.
fn timed(row: &Row, walk: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    let count = walk();
    let passed = start.elapsed();
    assert_eq!(count, row.count, "{}: an iterator ended early", row.expression);
    passed / u32::try_from(count).expect("few")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
