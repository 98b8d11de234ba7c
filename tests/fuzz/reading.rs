//! What holds of any bytes that are taken for a zone and a cron expression.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::{Dst, Error, Schedule};

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Apia",
    "Antarctica/Troll",
];

/// The first byte says where to begin, the second in which zone and by which rule, and the rest is the expression.
///
/// # Panics
/// When what is read breaks a promise.
pub fn read(bytes: &[u8]) {
    let [start, place, text @ ..] = bytes else { return };
    let text = String::from_utf8_lossy(text);
    let schedule = match Schedule::cron(&text) {
        Ok(schedule) => schedule,
        Err(error) => return refused(&text, &error),
    };
    let zone = ZONES[usize::from(*place) % ZONES.len()];
    let rule = if *place >= 128 { Dst::Literal } else { Dst::Vixie };
    let schedule = schedule.tz(zone).expect("a zone").dst(rule);
    let words = schedule.describe();
    assert!(words.contains(zone) && !words.contains("  "), "{text:?}: {words:?}");
    let quarter = Duration::from_millis(7_889_400_123);
    recurs(&schedule, UNIX_EPOCH + quarter * u32::from(*start), &text);
}

/// What is no expression may be a zone; otherwise both are told in words.
fn refused(text: &str, error: &Error) {
    assert!(error.is_configuration() && error.to_string().len() > 20, "{text:?}: {error}");
    if let Err(error) = Schedule::cron("@daily").and_then(|daily| daily.tz(text)) {
        assert!(error.to_string().contains("time zone"), "{text:?}: {error}");
    }
}

fn recurs(schedule: &Schedule, start: SystemTime, text: &str) {
    let times: Vec<SystemTime> = schedule.upcoming(start).take(20).collect();
    assert!(!times.is_empty(), "{text:?} never comes");
    let mut last = start;
    for time in &times {
        assert!(*time > last, "{text:?} goes back");
        last = *time;
    }
    let before_last = *times.iter().rev().nth(1).unwrap_or(&start);
    assert!(schedule.between(start, before_last).eq(times[..times.len() - 1].iter().copied()), "{text:?}");
    assert_eq!(schedule.upcoming(before_last).next(), times.last().copied(), "{text:?}");
}
