//! What is told of jobs on demand: events in their order, lines of the log, and a span for each attempt.

use std::time::Duration;

use job_runtime::{Context, EventKind, Outcome, SkipReason, Trigger, job};

use crate::listener::Log;
use crate::stage::{assert_paired, at, auto, midnight};

#[job(max_attempts = 2, backoff = "5s", max_running = 1, max_pending = 1)]
async fn told_of(_number: u32, cx: &Context) -> Result<(), &'static str> {
    tracing::debug!("from inside");
    tokio::time::sleep(Duration::from_secs(1)).await;
    if cx.attempt() == 1 { Err("once more") } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_with_all_their_parts() {
    let jobs = auto(&["told_of"]).await;
    let mut heard = jobs.runtime().events();
    let handle = told_of::spawn_after("2s", 1);
    jobs.advance("1m").await;
    let events = jobs.events();
    assert!(events.iter().all(|event| event.job.as_deref() == Some("told_of") && event.run == Some(handle.id())));
    let kinds: Vec<&EventKind> = events.iter().map(|event| &event.kind).collect();
    let [first, failed, retrying, second, completed] = kinds.as_slice() else { panic!("{kinds:#?}") };
    let due = at(2000);
    assert!(
        matches!(first, EventKind::Started { attempt: 1, trigger: Trigger::Spawn, scheduled_at, lateness }
            if *scheduled_at == due && lateness.is_zero()),
        "{first:?}"
    );
    assert!(
        matches!(failed, EventKind::Finished { outcome: Outcome::Failed, attempt: 1, duration, error: Some(error), .. }
            if *duration == Duration::from_secs(1) && &**error == "once more"),
        "{failed:?}"
    );
    assert!(matches!(retrying, EventKind::Retrying { attempt: 2, delay } if delay.as_secs() == 5), "{retrying:?}");
    assert!(
        matches!(second, EventKind::Started { attempt: 2, trigger: Trigger::Retry, scheduled_at, lateness }
            if *scheduled_at == due && lateness.is_zero()),
        "{second:?}"
    );
    assert!(
        matches!(completed, EventKind::Finished { outcome: Outcome::Completed, attempt: 2, error: None, .. }),
        "{completed:?}"
    );
    let times: Vec<Duration> =
        events.iter().map(|event| event.at.duration_since(midnight()).expect("it is later")).collect();
    assert_eq!(times, [2, 3, 3, 8, 9].map(Duration::from_secs));
    for event in &events {
        let same = heard.recv().await.expect("it is told to subscribers too");
        assert_eq!(format!("{event:?}"), format!("{same:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_before_the_start_that_it_makes_room_for() {
    let jobs = auto(&["told_of"]).await;
    let (first, second, refused) = (told_of::spawn(1), told_of::spawn(2), told_of::spawn(3));
    jobs.advance("1m").await;
    let told: Vec<_> = jobs
        .events()
        .iter()
        .map(|event| {
            let what = match event.kind {
                EventKind::Started { .. } => "started",
                EventKind::Finished { .. } => "finished",
                EventKind::Retrying { .. } => "retrying",
                EventKind::Skipped { reason: SkipReason::Refused, running: None } => "refused",
                _ => "something else",
            };
            (event.run.expect("it is of a run"), what)
        })
        .collect();
    let attempts = ["started", "finished", "retrying", "started", "finished"];
    let mut expected: Vec<_> =
        [first.id(), second.id()].iter().flat_map(|id| attempts.map(|what| (*id, what))).collect();
    expected.insert(1, (refused.id(), "refused"));
    assert_eq!(told, expected);
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_span_with_its_fields() {
    let (log, _guard) = Log::listen();
    let jobs = auto(&["told_of"]).await;
    let handle = told_of::spawn_after("2s", 1);
    jobs.advance("1m").await;
    let spans: Vec<_> = log.spans().into_iter().filter(|span| span.target == "job_runtime::run").collect();
    assert_eq!(spans.len(), 2);
    let seconds = at(2000).duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs();
    for (attempt, span) in (1..).zip(&spans) {
        let fields = [
            ("job.name", "told_of".to_owned()),
            ("job.kind", "job".to_owned()),
            ("job.id", handle.id().to_string()),
            ("job.attempt", attempt.to_string()),
            ("otel.kind", "internal".to_owned()),
            ("otel.name", "told_of".to_owned()),
        ];
        for (name, value) in fields {
            assert_eq!(span.fields.get(name), value, "{name} of {span:?}");
        }
        assert!(span.fields.get("job.scheduled_at").starts_with(&seconds.to_string()), "{span:?}");
        assert!(span.closed && span.level == tracing::Level::INFO, "{span:?}");
    }
    let of = |name| [spans[0].fields.get(name), spans[1].fields.get(name)];
    assert_eq!(of("outcome"), ["failed", "completed"]);
    assert_eq!(of("error.type"), ["failed", ""]);
    assert_eq!(of("otel.status_code"), ["ERROR", "OK"]);
    assert_eq!(spans[0].fields.get("job.trigger"), "spawn");
}

#[tokio::test(start_paused = true)]
async fn what_a_job_says_stands_in_its_span() {
    let (log, _guard) = Log::listen();
    let jobs = auto(&["told_of"]).await;
    told_of::spawn(1);
    jobs.advance("500ms").await;
    let line = log.only("from inside");
    let span = log.spans()[line.span.expect("it is in a span")].clone();
    assert_eq!(span.fields.get("job.name"), "told_of");
}

#[tokio::test(start_paused = true)]
async fn start_end_and_retry_are_told_in_lines() {
    let (log, _guard) = Log::listen();
    let jobs = auto(&["told_of"]).await;
    let handle = told_of::spawn(1);
    jobs.advance("1m").await;
    for (message, level) in [
        ("job failed", tracing::Level::ERROR),
        ("job will be tried again", tracing::Level::INFO),
        ("job finished", tracing::Level::INFO),
    ] {
        let line = log.only(message);
        assert_eq!((line.level, &*line.target), (level, "job_runtime::run"), "{line:?}");
        assert_eq!(line.fields.get("job.name"), "told_of");
        assert_eq!(line.fields.get("job.id"), handle.id().to_string());
    }
    let starts: Vec<String> = log
        .lines()
        .iter()
        .filter(|line| line.fields.get("message") == "job started")
        .map(|line| line.fields.get("job.trigger").to_owned())
        .collect();
    assert_eq!(starts, ["spawn", "retry"]);
}
