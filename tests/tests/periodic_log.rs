//! What a job tells `tracing`: a line for each thing that happens, and a span for each attempt.

mod listener;
mod stage;

use job_runtime::testing::TickError;
use job_runtime::{Context, Outcome, SkipReason, periodic};
use listener::{Line, Log};
use stage::{Door, manual};
use tracing::Level;

/// Checks level, target and fields of a line.
#[track_caller]
fn assert_line(line: &Line, level: Level, fields: &[(&str, &str)]) {
    assert_eq!((line.level, line.target.as_str()), (level, "job_runtime::run"), "{line:?}");
    for (name, value) in fields {
        assert_eq!(line.fields.get(name), *value, "{name} of {line:?}");
    }
}

#[periodic(every = "1h")]
async fn good() {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    tracing::debug!("from inside");
}

#[tokio::test(start_paused = true)]
async fn l1_a_start_is_told_as_info() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["good"]).await;
    assert_eq!(jobs.tick("good").await, Ok(Outcome::Completed));
    let fields =
        [("job.name", "good"), ("job.id", "1"), ("job.attempt", "1"), ("job.trigger", "manual"), ("lateness", "0ns")];
    assert_line(&log.only("job started"), Level::INFO, &fields);
}

#[tokio::test(start_paused = true)]
async fn l2_a_good_end_is_told_as_info_with_its_duration() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["good"]).await;
    assert_eq!(jobs.tick("good").await, Ok(Outcome::Completed));
    let fields = [
        ("job.name", "good"),
        ("job.id", "1"),
        ("job.attempt", "1"),
        ("outcome", "completed"),
        ("duration", "20ms"),
        ("error", ""),
    ];
    assert_line(&log.only("job finished"), Level::INFO, &fields);
}

#[periodic(every = "1h", job_shutdown = "10ms")]
async fn waits(cx: &Context) -> Result<(), &'static str> {
    cx.cancelled().await;
    Err("asked to stop")
}

#[tokio::test(start_paused = true)]
async fn l3_an_end_by_shutdown_is_told_as_info() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["waits"]).await;
    assert_eq!(jobs.tick_within("waits", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect("it ended by itself");
    let fields = [("job.name", "waits"), ("outcome", "interrupted"), ("duration", "0ns"), ("error", "asked to stop")];
    assert_line(&log.only("job shut down"), Level::INFO, &fields);
    let scheduler = |message| {
        let line = log.only(message);
        (line.level, line.target)
    };
    let info = (Level::INFO, "job_runtime::scheduler".to_owned());
    assert_eq!((scheduler("shutting down"), scheduler("shut down")), (info.clone(), info));
}

#[periodic(every = "1h", job_shutdown = "10ms")]
async fn stubborn(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[periodic(every = "1h", timeout = "30ms")]
async fn endless() {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn l4_a_killed_run_is_told_with_what_killed_it() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["stubborn", "endless"]).await;
    assert_eq!(jobs.tick("endless").await, Ok(Outcome::TimedOut));
    let fields = [("job.name", "endless"), ("outcome", "timed_out"), ("duration", "30ms")];
    assert_line(&log.only("job timed out"), Level::ERROR, &fields);
    assert_eq!(jobs.tick_within("stubborn", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect_err("it was dropped");
    let fields = [("job.name", "stubborn"), ("outcome", "interrupted"), ("duration", "10ms")];
    assert_line(&log.only("job shut down"), Level::INFO, &fields);
    let end = log.only("shut down without waiting for all");
    assert_eq!((end.level, end.fields.get("abandoned")), (Level::ERROR, "[\"stubborn\"]"));
}

#[periodic(every = "1h")]
async fn fails() -> Result<(), &'static str> {
    Err("some reason")
}

#[periodic(every = "1h")]
async fn panics() {
    panic!("some reason");
}

#[tokio::test(start_paused = true)]
async fn l5_a_crash_is_told_as_an_error_with_its_reason() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["fails", "panics"]).await;
    assert_eq!(jobs.tick("fails").await, Ok(Outcome::Failed));
    assert_eq!(jobs.tick("panics").await, Ok(Outcome::Panicked));
    let fields = [("job.name", "fails"), ("outcome", "failed"), ("error", "some reason"), ("duration", "0ns")];
    assert_line(&log.only("job failed"), Level::ERROR, &fields);
    let panicked = log.only("job panicked");
    assert_line(&panicked, Level::ERROR, &[("job.name", "panics"), ("outcome", "panicked")]);
    let error = panicked.fields.get("error");
    assert!(error.starts_with("some reason, at ") && error.contains(file!()), "{error}");
}

#[periodic(every = "1h", on_overlap = "ignore")]
async fn one_at_a_time(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn l6_a_skipped_tick_is_told_as_info() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["one_at_a_time"]).data(Door::new()).await;
    assert_eq!(jobs.tick_within("one_at_a_time", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick("one_at_a_time").await, Err(TickError::NotStarted(SkipReason::StillRunning)));
    let line = log.only("skipped starting the job: the previous run is still on");
    assert_line(&line, Level::INFO, &[("job.name", "one_at_a_time"), ("job.id", "2"), ("reason", "still_running")]);
}

#[periodic(every = "1h", on_overlap = "stop_previous")]
async fn newest_only(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn l7_a_stopped_previous_run_is_told_as_a_warning() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["newest_only"]).data(Door::new()).await;
    for _ in 0..2 {
        assert_eq!(jobs.tick_within("newest_only", "0ms").await, Err(TickError::TimedOut));
    }
    let line = log.only("stopped the previous run of the job, because a new one is about to start");
    assert_line(&line, Level::WARN, &[("job.name", "newest_only"), ("job.id", "2"), ("previous", "1")]);
    assert_line(&log.only("job cancelled"), Level::INFO, &[("job.id", "1"), ("outcome", "cancelled")]);
}

#[periodic(every = "1h", max_attempts = 2, backoff = "1s")]
async fn fails_once(cx: &Context) -> Result<(), &'static str> {
    if cx.attempt() == 1 { Err("not yet") } else { Ok(()) }
}

const SPAN_FIELDS: [&str; 11] = [
    "job.name",
    "job.kind",
    "job.id",
    "job.attempt",
    "job.trigger",
    "job.scheduled_at",
    "outcome",
    "error.type",
    "otel.kind",
    "otel.name",
    "otel.status_code",
];

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_span_that_says_how_it_ended() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["fails_once"]).await;
    assert_eq!(jobs.tick("fails_once").await, Ok(Outcome::Completed));
    let spans = log.spans();
    assert_eq!(spans.len(), 2, "{spans:#?}");
    for (span, (attempt, outcome, kind, status)) in
        spans.iter().zip([("1", "failed", "failed", "ERROR"), ("2", "completed", "", "OK")])
    {
        assert_eq!((span.level, span.target.as_str(), span.closed), (Level::INFO, "job_runtime::run", true));
        assert!(SPAN_FIELDS.iter().all(|name| span.names.contains(name)), "{:?}", span.names);
        for (name, value) in [
            ("job.name", "fails_once"),
            ("job.kind", "periodic"),
            ("job.id", "1"),
            ("job.attempt", attempt),
            ("otel.name", "fails_once"),
            ("otel.kind", "internal"),
            ("outcome", outcome),
            ("error.type", kind),
            ("otel.status_code", status),
        ] {
            assert_eq!(span.fields.get(name), value, "{name} of attempt {attempt}");
        }
        assert!(span.fields.get("job.scheduled_at").starts_with("1767225600"), "{:?}", span.fields);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_job_tells_itself_is_inside_its_span() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["good", "fails"]).await;
    assert_eq!(jobs.tick("fails").await, Ok(Outcome::Failed));
    assert_eq!(jobs.tick("good").await, Ok(Outcome::Completed));
    let around = log.only("from inside").span.expect("a run has a span");
    assert_eq!(log.spans()[around].fields.get("job.name"), "good");
    assert!(log.told().entered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_has_its_outcome_in_its_span() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["endless", "stubborn"]).await;
    assert_eq!(jobs.tick("endless").await, Ok(Outcome::TimedOut));
    assert_eq!(jobs.tick_within("stubborn", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect_err("it was dropped");
    let ends: Vec<(String, String)> = log
        .spans()
        .iter()
        .map(|span| (span.fields.get("outcome").to_owned(), span.fields.get("otel.status_code").to_owned()))
        .collect();
    let end = |outcome: &str, status: &str| (outcome.to_owned(), status.to_owned());
    assert_eq!(ends, [end("timed_out", "ERROR"), end("interrupted", "OK")]);
}

#[periodic(every = "1h", when = || false)]
async fn never() {}

#[tokio::test(start_paused = true)]
async fn a_tick_without_a_run_has_no_span() {
    let (log, _guard) = Log::listen();
    let jobs = manual(&["never"]).await;
    assert_eq!(jobs.tick("never").await, Err(TickError::NotStarted(SkipReason::Guard)));
    assert!(log.spans().is_empty());
    assert_eq!(log.only("skipped starting the job: its guard said no").fields.get("reason"), "guard");
}
