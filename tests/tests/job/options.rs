//! Each option of a job set by `configure`: it holds, and a bad value is refused at the start.

use std::time::Duration;

use job_runtime::testing::TestBuilder;
use job_runtime::{Context, JobConfig, JobState, Result, job};

use crate::stage::{Door, at, auto, counts, starts, with_door};
use crate::why;

#[job]
async fn plain(_number: u32, cx: &Context, door: &Door) -> std::result::Result<(), String> {
    door.wait().await;
    Err(format!("attempt {} of {}", cx.attempt(), cx.name()))
}

fn plainly(change: impl FnOnce(JobConfig) -> Result<JobConfig> + Send + 'static) -> TestBuilder {
    auto(&["plain"]).configure("plain", change)
}

#[tokio::test(start_paused = true)]
async fn max_attempts_and_backoff() {
    let (jobs, door) = with_door(plainly(|job| job.max_attempts(3)?.backoff("4s"))).await;
    door.open(9);
    assert_eq!(why(plain::spawn(1)).await.1, "the job failed: attempt 3 of plain");
    assert_eq!(starts(&jobs, "plain"), [0, 4000, 8000]);
}

#[tokio::test(start_paused = true)]
async fn timeout_and_job_shutdown() {
    let (jobs, _door) = with_door(plainly(|job| job.timeout("10s")?.job_shutdown("2s"))).await;
    assert_eq!(why(plain::spawn(1)).await.0, "timed out");
    assert_eq!(jobs.now(), at(12_000));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_taken_back() {
    let builder = auto(&["impatient"]).configure("impatient", |job| job.timeout("infinity"));
    let jobs = builder.await;
    impatient::spawn().await.expect("it has all the time");
    assert_eq!(jobs.now(), at(60_000));
    drop(jobs);
    let _jobs = auto(&["impatient"]).await;
    assert_eq!(why(impatient::spawn()).await.0, "timed out");
}

#[job(timeout = "1s")]
async fn impatient() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn max_running_and_max_pending() {
    let (jobs, _door) = with_door(plainly(|job| job.max_running(2)?.max_pending(1))).await;
    let states: Vec<JobState> = (0..4).map(|number| plain::spawn(number).status()).collect();
    assert_eq!(states, [JobState::Running, JobState::Running, JobState::Available, JobState::Cancelled]);
    assert_eq!(counts(&jobs, "plain"), (4, 2, 1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn name() {
    let (jobs, door) = with_door(auto(&["fancy"]).configure("plain", |job| job.name("fancy"))).await;
    door.open(1);
    assert_eq!(why(plain::spawn(1)).await.1, "the job failed: attempt 1 of fancy");
    assert_eq!(counts(&jobs, "fancy"), (1, 1, 0, 0, 0));
    assert!(jobs.runtime().job("plain").is_none());
}

#[tokio::test(start_paused = true)]
async fn options_of_other_kinds_are_refused_in_words() {
    type Change = fn(JobConfig) -> Result<JobConfig>;
    let changes: [(&str, Change); 12] = [
        ("every", |job| job.every("5m")),
        ("cron", |job| job.cron("0 * * * *")),
        ("on_overlap", |job| job.on_overlap("queue")),
        ("on_missed", |job| job.on_missed("skip")),
        ("jitter", |job| job.jitter("1s")),
        ("align", |job| job.align(true)),
        ("pause_after", |job| job.pause_after(3)),
        ("start_deadline", |job| job.start_deadline("1s")),
        ("restart", |job| job.restart("transient")),
        ("max_restarts", |job| job.max_restarts(3)),
        ("max_seconds", |job| job.max_seconds(3)),
        ("on_give_up", |job| job.on_give_up("pause")),
    ];
    for (option, change) in changes {
        let error = plainly(change).data(Door::new()).try_start().await.expect_err(option);
        let text = error.to_string();
        assert!(error.is_configuration() && text.contains(&format!("`{option}`: ")), "{option}: {text}");
        assert!(text.contains(file!()), "{option}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_values_are_refused_in_words() {
    type Change = fn(JobConfig) -> Result<JobConfig>;
    let changes: [(&str, Change); 6] = [
        ("a number from 1", |job| job.max_attempts(0)),
        ("a number from 1", |job| job.max_running(0)),
        ("soon", |job| job.timeout("soon")),
        ("the shorter duration first", |job| job.backoff("5m..1s")),
        ("job_shutdown", |job| job.job_shutdown("gently")),
        ("not empty", |job| job.name("")),
    ];
    for (said, change) in changes {
        let error = plainly(change).data(Door::new()).try_start().await.expect_err(said);
        assert!(error.is_configuration() && error.to_string().contains(said), "{said}: {error}");
    }
}
