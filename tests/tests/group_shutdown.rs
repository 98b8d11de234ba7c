//! A group at the shutdown: its members stop in reverse, one after another, each in its own grace, and all before the
//! one deadline.

mod crew;
mod stage;

use std::time::Duration;

use crew::{Asked, End, end, services, told_since, with};
use job_runtime::{Context, Outcome, Periodic, Schedule, group, job, periodic};
use stage::{assert_paired, counts, ms};

services![first, second, third, alone];
group!(pub CHAIN = [first, second, third]);

const CHAIN_NAMES: [&str; 3] = ["first", "second", "third"];

/// How and when the last run of each of these ended, in milliseconds.
fn ends<const N: usize>(jobs: &job_runtime::testing::Harness, names: [&str; N]) -> [(Outcome, u128); N] {
    names.map(|name| {
        let run = jobs.runs(name).pop().expect("it ran");
        (run.outcome.expect("it has ended"), ms(run.finished_at.expect("it has ended")))
    })
}

#[tokio::test(start_paused = true)]
async fn each_member_has_its_own_grace_after_those_behind_it() {
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs.configure("second", |job| job.job_shutdown("2s"))).await;
    CHAIN_NAMES.iter().for_each(|name| cues.when_asked(name, Asked::Deaf));
    let error = jobs.shutdown().await.expect_err("they were dropped");
    assert_eq!(error.to_string(), "shut down without waiting for `third`, `second`, `first`");
    let interrupted = |at| (Outcome::Interrupted, at);
    assert_eq!(ends(&jobs, CHAIN_NAMES), [interrupted(12_000), interrupted(7_000), interrupted(5_000)]);
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_one_for_all() {
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs.shutdown_timeout("7s")).await;
    CHAIN_NAMES.iter().for_each(|name| cues.when_asked(name, Asked::Deaf));
    jobs.shutdown().await.expect_err("they were dropped");
    let interrupted = |at| (Outcome::Interrupted, at);
    assert_eq!(ends(&jobs, CHAIN_NAMES), [interrupted(7_000), interrupted(7_000), interrupted(5_000)]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_nothing_drops_all_at_once() {
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs.shutdown_timeout("0s")).await;
    CHAIN_NAMES.iter().for_each(|name| cues.when_asked(name, Asked::After(1)));
    assert!(jobs.shutdown().await.expect_err("they were dropped").is_abandoned());
    assert_eq!(ends(&jobs, CHAIN_NAMES), [(Outcome::Interrupted, 0); 3]);
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_an_infinite_grace_is_one() {
    let infinite = |job: job_runtime::JobConfig| job.job_shutdown("infinity");
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs.shutdown_timeout("infinity").configure("third", infinite)).await;
    cues.when_asked("third", Asked::After(3_600_000));
    jobs.shutdown().await.expect("all end when they are asked");
    assert_eq!(ends(&jobs, CHAIN_NAMES), [(Outcome::Completed, 3_600_000); 3]);
}

#[tokio::test(start_paused = true)]
async fn those_outside_of_the_group_stop_meanwhile() {
    let (jobs, cues) = with(&["first", "second", "third", "alone"], |jobs| jobs).await;
    ["second", "third", "alone"].iter().for_each(|name| cues.when_asked(name, Asked::After(1_000)));
    jobs.shutdown().await.expect("all end in their grace");
    let ended = ends(&jobs, ["third", "second", "first", "alone"]).map(|(_, at)| at);
    assert_eq!(ended, [1_000, 2_000, 2_000, 1_000]);
}

services![first_of_others, second_of_others];
group!(pub OTHERS = [first_of_others, second_of_others]);

#[tokio::test(start_paused = true)]
async fn groups_stop_side_by_side() {
    let (jobs, cues) = with(&["second", "third", "first_of_others", "second_of_others"], |jobs| jobs).await;
    let names = ["third", "second", "second_of_others", "first_of_others"];
    names.iter().for_each(|name| cues.when_asked(name, Asked::After(1_000)));
    jobs.shutdown().await.expect("all end in their grace");
    assert_eq!(ends(&jobs, names).map(|(_, at)| at), [1_000, 2_000, 1_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn a_member_goes_on_while_those_behind_it_stop_and_is_not_restarted_any_more() {
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs).await;
    cues.when_asked("third", Asked::After(2_000));
    let before = jobs.events().len();
    let fails = async {
        jobs.advance("1s").await;
        end(&jobs, &cues, "first", End::Err).await;
    };
    let (result, ()) = tokio::join!(jobs.shutdown(), fails);
    result.expect("a failure is no disorder");
    let told = [
        "0ms shutdown started",
        "1000ms first failed",
        "2000ms third completed",
        "2000ms second completed",
        "2000ms shutdown finished, abandoned []",
    ];
    assert_eq!(told_since(&jobs, before), told);
}

// ---- members that are no services

#[job(max_attempts = 3, backoff = "1s", max_running = 1)]
async fn deliver() -> Result<(), String> {
    Err("nobody is there".to_owned())
}

#[periodic(every = "1m", initial_delay = "0s", max_attempts = 3, backoff = "1s")]
async fn collect() -> Result<(), String> {
    Err("nothing is there".to_owned())
}

services![last_to_start];
group!(pub MIXED = [deliver, collect, last_to_start]);

/// What waits for a retry ends at once, wherever in its group it stands: nothing starts in a shutdown.
#[tokio::test(start_paused = true)]
async fn a_member_that_waits_for_a_retry_is_interrupted_at_once() {
    let (jobs, cues) = with(&["deliver", "collect", "last_to_start"], |jobs| jobs).await;
    cues.when_asked("last_to_start", Asked::After(4_000));
    let handle = deliver::spawn();
    let waiting = deliver::spawn();
    jobs.advance("0s").await;
    jobs.shutdown().await.expect("all end in order");
    assert!(handle.await.expect_err("it did not succeed").is_interrupted());
    assert!(waiting.await.expect_err("it did not start").is_interrupted());
    assert_eq!((jobs.runs("deliver").len(), jobs.runs("collect").len()), (1, 1));
    assert_eq!(counts(&jobs, "deliver"), (2, 1, 0, 1, 0));
    assert_eq!(counts(&jobs, "collect"), (1, 1, 0, 0, 0));
}

#[job(max_running = 1, job_shutdown = "10s")]
async fn takes(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

services![before_jobs, after_jobs];
group!(pub AROUND_JOBS = [before_jobs, takes, after_jobs]);

#[tokio::test(start_paused = true)]
async fn the_runs_of_a_job_end_before_the_members_in_front_of_it_are_asked() {
    let (jobs, cues) = with(&["before_jobs", "takes", "after_jobs"], |jobs| jobs).await;
    cues.when_asked("after_jobs", Asked::After(1_000));
    let running = takes::spawn(4);
    jobs.advance("0s").await;
    jobs.shutdown().await.expect("all end in their grace");
    running.await.expect("it has come to its end");
    assert_eq!(ends(&jobs, ["after_jobs", "takes", "before_jobs"]).map(|(_, at)| at), [1_000, 4_000, 4_000]);
}

// ---- jobs that are in no group

#[tokio::test(start_paused = true)]
async fn what_is_added_at_run_time_is_in_no_group() {
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs).await;
    let schedule = Schedule::every("1s").expect("it is a period");
    let added = Periodic::new("added", schedule, |cx: Context| async move { cx.cancelled().await });
    jobs.runtime().add(added).expect("the name is free");
    assert_eq!(jobs.runtime().job("added").expect("it is there").group, None);
    assert_eq!(jobs.runtime().job("first").expect("it is there").group.as_deref(), Some("CHAIN"));
    jobs.advance("1s").await;
    cues.when_asked("third", Asked::After(3_000));
    jobs.shutdown().await.expect("all end when they are asked");
    assert_eq!(ends(&jobs, ["added", "first"]).map(|(_, at)| at), [1_000, 4_000]);
}

// ---- members that were removed

#[tokio::test(start_paused = true)]
async fn a_removed_member_stops_beside_the_group() {
    let infinite = |job: job_runtime::JobConfig| job.job_shutdown("infinity");
    let (jobs, cues) = with(&CHAIN_NAMES, |jobs| jobs.shutdown_timeout("20s").configure("second", infinite)).await;
    cues.when_asked("second", Asked::After(10_000));
    cues.when_asked("third", Asked::After(2_000));
    assert!(jobs.runtime().remove("second"));
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("all end in their grace");
    assert_eq!(ends(&jobs, ["third", "first", "second"]).map(|(_, at)| at), [3_000, 3_000, 10_000]);
}
