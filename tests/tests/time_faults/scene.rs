//! What these tests share: jobs that follow the wall clock, and what became of their ticks, told in calendar times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use job_runtime::testing::{Harness, start};
use job_runtime::{Event, EventKind, JobConfig, JobInfo, Outcome, Periodic, Recurrence, Result, Schedule};

use crate::stage::counts;

/// The longest that the engine may take to see that the wall clock was moved.
pub const GLANCE: Duration = Duration::from_secs(30);

/// No jobs yet, and a wall clock that shows `time`.
pub async fn clocks_at(time: &str) -> Harness {
    start().only([]).auto().at(time).await
}

pub fn cron(expression: &str, zone: &str) -> Schedule {
    Schedule::cron(expression).and_then(|schedule| schedule.tz(zone)).expect("an expression and a zone")
}

pub fn utc_cron(expression: &str) -> Schedule {
    Schedule::cron(expression).expect("an expression")
}

pub fn every(period: &str) -> Schedule {
    Schedule::every(period).expect("a period")
}

/// Adds a job that is over at once.
pub fn add(jobs: &Harness, name: &str, schedule: impl Recurrence) {
    add_with(jobs, name, schedule, Ok);
}

pub fn add_with(
    jobs: &Harness,
    name: &str,
    schedule: impl Recurrence,
    options: impl FnOnce(JobConfig) -> Result<JobConfig>,
) {
    let job = Periodic::new(name, schedule, |_| async {}).configure(options).expect("options with values");
    jobs.runtime().add(job).expect("the name is free, and the options fit");
}

/// Every ten minutes of the wall clock, as a user's own rule.
pub struct TenMinutes;

impl Recurrence for TenMinutes {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let since = after.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(UNIX_EPOCH + Duration::from_secs((since / 600 + 1) * 600))
    }

    fn describe(&self) -> String {
        "at each tenth minute".to_owned()
    }
}

/// The kinds of schedules that follow the wall clock.
pub const KINDS: [&str; 3] = ["cron", "aligned", "rule"];

/// Adds a job of each kind, every ten minutes, with that policy on missed ticks: `cron one`, `rule one` and so on.
pub fn add_kinds(jobs: &Harness, policy: &str) {
    let name = |kind| format!("{kind} {policy}");
    add_with(jobs, &name("cron"), utc_cron("*/10 * * * *"), |job| job.on_missed(policy));
    add_with(jobs, &name("aligned"), every("10m"), |job| job.align(true)?.on_missed(policy));
    add_with(jobs, &name("rule"), TenMinutes, |job| job.on_missed(policy));
}

/// What `jobs()` shows of a job.
#[track_caller]
pub fn info(jobs: &Harness, job: &str) -> JobInfo {
    jobs.runtime().job(job).expect("it is there")
}

/// Moves on both clocks until the wall clock shows `time`, as it goes now.
pub async fn go_to(jobs: &Harness, time: &str) {
    let ahead = instant(time).duration_since(jobs.now()).expect("it is still to come");
    jobs.advance(ahead).await;
}

pub fn instant(time: &str) -> SystemTime {
    time.parse::<Timestamp>().expect("a time").into()
}

/// A time as the clocks of a zone show it, with their offset: `03-29 03:00:00+02:00`.
pub fn local(time: SystemTime, zone: &str) -> String {
    let zone = TimeZone::get(zone).expect("a zone");
    let time = Timestamp::try_from(time).expect("within the calendar").to_zoned(zone);
    time.strftime("%m-%d %H:%M:%S%.f%:z").to_string()
}

/// A time in UTC: `2026-01-31 03:00:00`.
pub fn utc(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).expect("within the calendar");
    time.strftime("%F %H:%M:%S%.f").to_string()
}

/// The time of day in UTC.
fn clock(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).expect("within the calendar");
    time.strftime("%H:%M:%S%.f").to_string()
}

/// The nominal times of a job's runs, as the clocks of a zone show them.
pub fn ticks_in(jobs: &Harness, job: &str, zone: &str) -> Vec<String> {
    jobs.runs(job).iter().map(|run| local(run.scheduled_at, zone)).collect()
}

/// The nominal times of a job's runs.
pub fn ticks(jobs: &Harness, job: &str) -> Vec<String> {
    jobs.runs(job).iter().map(|run| utc(run.scheduled_at)).collect()
}

/// What became of the ticks of a job, by the time of day that each was meant for: `runs 01:10:00`.
pub fn story(jobs: &Harness, job: &str) -> Vec<String> {
    let events = jobs.events();
    events.iter().filter(|event| event.job.as_deref() == Some(job)).filter_map(line).collect()
}

/// What was told of the runtime as a whole.
pub fn chronicle(jobs: &Harness) -> Vec<String> {
    jobs.events().iter().filter(|event| event.job.is_none()).filter_map(line).collect()
}

fn line(event: &Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Started { scheduled_at, .. } => format!("runs {}", clock(*scheduled_at)),
        EventKind::Finished { outcome: Outcome::Completed, .. } => return None,
        EventKind::Finished { outcome, .. } => outcome.to_string(),
        EventKind::Skipped { reason, .. } => format!("skipped {reason}"),
        EventKind::Missed { reason, count, from, to } => {
            format!("missed {reason} {count}: {} to {}", clock(*from), clock(*to))
        }
        EventKind::ClockStepped { forward: true, by } => format!("stepped forward by {by:?}"),
        EventKind::ClockStepped { forward: false, by } => format!("stepped back by {by:?}"),
        EventKind::Stalled { lasted } => format!("stalled for {lasted:?}"),
        EventKind::Paused { reason } => format!("paused: {reason}"),
        EventKind::Resumed => "resumed".to_owned(),
        EventKind::ShutdownStarted => "shutdown started".to_owned(),
        EventKind::ShutdownFinished { abandoned } => format!("shutdown finished, abandoned {abandoned:?}"),
        other => format!("{other:?}"),
    })
}

/// Each run of a job started at its nominal time, to the nanosecond.
#[track_caller]
pub fn assert_on_time(jobs: &Harness, job: &str) {
    for run in jobs.runs(job) {
        assert_eq!(utc(run.started_at), utc(run.scheduled_at), "{job}");
    }
}

/// The newest run of a job started within 30 s after `time`, and not before its nominal time.
#[track_caller]
pub fn assert_prompt(jobs: &Harness, job: &str, time: SystemTime) {
    let run = jobs.runs(job).pop().expect("it ran");
    assert!(run.started_at >= run.scheduled_at, "{job}: {run:?}");
    assert!(run.started_at <= time + GLANCE, "{job}: {run:?}");
}

/// The books of each job balance.
#[track_caller]
pub fn assert_balanced(jobs: &Harness) {
    for job in jobs.runtime().jobs() {
        let _ = counts(jobs, &job.name);
    }
}
