//! Services under control: paused and resumed, triggered, removed, looked at; and in manual mode.

mod crew;
mod stage;

use crew::{Asked, End, end, on, services, told, told_since, with};
use job_runtime::testing::TickError;
use job_runtime::{Kind, Outcome, SkipReason, Trigger};
use stage::{assert_paired, books, counts, manual, ms, next, starts, story};

services![keeper, other];

/// How the runs of the keeper ended so far, and by what they were started.
fn runs(jobs: &job_runtime::testing::Harness) -> Vec<(Trigger, Option<Outcome>)> {
    jobs.runs("keeper").iter().map(|run| (run.trigger, run.outcome)).collect()
}

// ---- pause and resume

#[tokio::test(start_paused = true)]
async fn a_pause_stops_it_and_resume_starts_it() {
    let (jobs, _cues) = on(&["keeper", "other"]).await;
    keeper::pause("lunch").await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(runs(&jobs), [(Trigger::Schedule, Some(Outcome::Cancelled))]);
    let info = keeper::status().await.expect("it is there");
    assert_eq!((info.paused.as_deref(), info.running), (Some("lunch"), 0));
    keeper::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(runs(&jobs), [(Trigger::Schedule, Some(Outcome::Cancelled)), (Trigger::Manual, None)]);
    let told = ["0ms 1 started", "0ms paused: lunch", "0ms 1 cancelled", "3600000ms resumed", "3600000ms 3 started"];
    assert_eq!(story(&jobs, "keeper"), told);
    assert_eq!(starts(&jobs, "other").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_no_end_that_counts() {
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.max_restarts(0))).await;
    for asked in [Asked::Ok, Asked::Err, Asked::Panic, Asked::Deaf] {
        cues.when_asked("keeper", asked);
        keeper::pause("for now").await.expect("it is there");
        jobs.advance("5s").await;
        keeper::resume().await.expect("it is there");
        jobs.advance("0s").await;
    }
    let ends: Vec<_> = runs(&jobs).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(
        ends,
        [Some(Outcome::Cancelled), Some(Outcome::Cancelled), Some(Outcome::Cancelled), Some(Outcome::Cancelled), None]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_takes_back_the_restart_that_is_waited_for() {
    let (jobs, cues) = on(&["keeper"]).await;
    end(&jobs, &cues, "keeper", End::Err).await;
    keeper::pause("for now").await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "keeper"), [0]);
    assert_eq!(books(&jobs, "keeper").skipped_for(SkipReason::Paused), 1);
    keeper::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "keeper"), [0, 3_600_000]);
    assert_eq!(counts(&jobs, "keeper"), (3, 2, 1, 0, 0));
}

/// Resumed while its run is still stopping, it is started when that has ended: whatever its `restart`, since it did not
/// end by itself.
#[tokio::test(start_paused = true)]
async fn resumed_while_it_stops_it_is_started_after_that() {
    for restart in ["permanent", "transient", "temporary"] {
        let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", move |job| job.restart(restart))).await;
        cues.when_asked("keeper", Asked::After(3_000));
        keeper::pause("for now").await.expect("it is there");
        jobs.advance("1s").await;
        keeper::resume().await.expect("it is there");
        jobs.advance("1s").await;
        assert_eq!(starts(&jobs, "keeper"), [0], "{restart}");
        jobs.advance("1s").await;
        assert_eq!(starts(&jobs, "keeper"), [0, 3_000], "{restart}");
        assert_eq!(runs(&jobs), [(Trigger::Schedule, Some(Outcome::Cancelled)), (Trigger::Manual, None)]);
        jobs.shutdown().await.expect("nothing gave up");
    }
}

#[tokio::test(start_paused = true)]
async fn paused_again_while_it_stops_it_is_not_started() {
    let (jobs, cues) = on(&["keeper"]).await;
    cues.when_asked("keeper", Asked::After(3_000));
    keeper::pause("for now").await.expect("it is there");
    keeper::resume().await.expect("it is there");
    keeper::pause("after all").await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(runs(&jobs), [(Trigger::Schedule, Some(Outcome::Cancelled))]);
}

#[tokio::test(start_paused = true)]
async fn resume_of_what_is_not_paused_changes_nothing() {
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.restart("transient"))).await;
    keeper::resume().await.expect("it is there");
    end(&jobs, &cues, "keeper", End::Ok).await;
    keeper::resume().await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(told(&jobs), ["0ms keeper started", "0ms keeper completed"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_had_ended_stays_so_over_a_pause() {
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.restart("transient"))).await;
    end(&jobs, &cues, "keeper", End::Ok).await;
    keeper::pause("for now").await.expect("it is there");
    keeper::resume().await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "keeper"), [0]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_enabled_starts_when_it_is_resumed() {
    let (jobs, _cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.enabled(false))).await;
    jobs.advance("1h").await;
    assert_eq!(keeper::status().await.expect("it is there").paused.as_deref(), Some("disabled"));
    assert_eq!(counts(&jobs, "keeper"), (0, 0, 0, 0, 0));
    keeper::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "keeper"), [3_600_000]);
}

#[tokio::test(start_paused = true)]
async fn quiet_concerns_ticks_and_no_service() {
    let (jobs, cues) = on(&["keeper"]).await;
    jobs.runtime().quiet();
    end(&jobs, &cues, "keeper", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "keeper"), [0, 500]);
}

// ---- trigger

#[tokio::test(start_paused = true)]
async fn a_trigger_of_one_that_runs_is_refused() {
    let (jobs, cues) = on(&["keeper"]).await;
    let error = jobs.runtime().trigger("keeper").await.expect_err("it runs");
    assert!(error.is_refused(), "{error}");
    assert_eq!(error.to_string(), "service `keeper` is running already");
    cues.when_asked("keeper", Asked::After(1_000));
    keeper::pause("for now").await.expect("it is there");
    jobs.runtime().trigger("keeper").await.expect_err("it is still stopping");
    assert_eq!(counts(&jobs, "keeper"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_of_one_that_waits_for_its_restart_starts_it_at_once() {
    let (jobs, cues) = on(&["keeper"]).await;
    end(&jobs, &cues, "keeper", End::Err).await;
    jobs.advance("100ms").await;
    jobs.runtime().trigger("keeper").await.expect("it does not run");
    jobs.advance("10s").await;
    assert_eq!(starts(&jobs, "keeper"), [0, 100], "and not again when the restart would have been");
    assert_eq!(jobs.runs("keeper")[1].trigger, Trigger::Manual);
    assert_eq!(counts(&jobs, "keeper"), (3, 2, 1, 0, 0), "the restart it waited for is superseded");
    assert_eq!((jobs.running().len(), books(&jobs, "keeper").pending), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_of_one_that_has_ended_starts_it() {
    for restart in ["transient", "temporary"] {
        let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", move |job| job.restart(restart))).await;
        end(&jobs, &cues, "keeper", End::Ok).await;
        jobs.advance("1m").await;
        jobs.runtime().trigger("keeper").await.expect("it has ended");
        jobs.advance("0s").await;
        assert_eq!(runs(&jobs), [(Trigger::Schedule, Some(Outcome::Completed)), (Trigger::Manual, None)], "{restart}");
        assert_eq!(counts(&jobs, "keeper"), (2, 2, 0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_trigger_after_the_shutdown_is_refused() {
    let (jobs, cues) = on(&["keeper"]).await;
    end(&jobs, &cues, "keeper", End::Err).await;
    jobs.shutdown().await.expect("nothing is on");
    assert!(jobs.runtime().trigger("keeper").await.expect_err("it is over").is_refused());
    assert_eq!(counts(&jobs, "keeper"), (2, 1, 0, 1, 0));
}

// ---- remove

#[tokio::test(start_paused = true)]
async fn a_removed_service_is_stopped_and_gone() {
    let (jobs, cues) = on(&["keeper", "other"]).await;
    cues.when_asked("keeper", Asked::After(1_000));
    let before = jobs.events().len();
    assert!(jobs.runtime().remove("keeper"));
    assert!(!jobs.runtime().remove("keeper"));
    assert!(jobs.runtime().job("keeper").is_none());
    assert!(keeper::resume().await.is_err());
    jobs.advance("1h").await;
    assert_eq!(told_since(&jobs, before), ["1000ms keeper cancelled"]);
    jobs.shutdown().await.expect("the other ends when it is asked");
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn a_removed_service_is_not_restarted() {
    let (jobs, cues) = on(&["keeper"]).await;
    end(&jobs, &cues, "keeper", End::Err).await;
    let before = jobs.events().len();
    assert!(jobs.runtime().remove("keeper"));
    jobs.advance("1h").await;
    assert_eq!(told_since(&jobs, before), ["0ms keeper skipped cancelled"]);
}

// ---- what is shown

#[tokio::test(start_paused = true)]
async fn what_is_shown_of_a_service() {
    let set = |job: job_runtime::JobConfig| job.max_seconds(60)?.backoff("2s")?.on_give_up("pause");
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", set)).await;
    let info = keeper::status().await.expect("it is there");
    assert_eq!((info.kind, info.schedule.as_deref(), info.instances), (Kind::Service, None, 1));
    assert_eq!((info.running, info.next.len(), info.overdue, info.group), (1, 0, false, None));
    let policies = ["restart permanent", "max_restarts 3 in 1m", "backoff 2s", "on_give_up pause"];
    assert_eq!(info.policies, policies);
    end(&jobs, &cues, "keeper", End::Err).await;
    let info = keeper::status().await.expect("it is there");
    assert_eq!((info.running, info.last_outcome), (0, Some(Outcome::Failed)));
    assert_eq!(info.next.into_iter().map(ms).collect::<Vec<_>>(), [2_000]);
    assert_eq!(next(&jobs, "keeper", 5), [2_000]);
    assert!(info.file.ends_with("service_control.rs") && info.line > 0, "{}:{}", info.file, info.line);
}

// ---- manual mode

#[tokio::test(start_paused = true)]
async fn in_manual_mode_it_starts_by_tick_alone_and_is_not_restarted() {
    let cues = crew::Cues::default();
    let jobs = manual(&["keeper"]).data(cues.clone()).await;
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "keeper"), (0, 0, 0, 0, 0));
    cues.end("keeper", End::Err);
    assert_eq!(jobs.tick("keeper").await, Ok(Outcome::Failed));
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "keeper"), (1, 1, 0, 0, 0));
    assert_eq!(jobs.tick_within("keeper", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick("keeper").await, Err(TickError::NotStarted(SkipReason::Refused)));
    cues.end("keeper", End::Panic);
    jobs.advance("1h").await;
    let ends: Vec<_> = runs(&jobs);
    assert_eq!(ends, [(Trigger::Manual, Some(Outcome::Failed)), (Trigger::Manual, Some(Outcome::Panicked))]);
}

#[tokio::test(start_paused = true)]
async fn in_manual_mode_ends_do_not_use_up_restarts() {
    let cues = crew::Cues::default();
    let jobs = manual(&["keeper"]).data(cues.clone()).await;
    for _ in 0..10 {
        cues.end("keeper", End::Err);
        assert_eq!(jobs.tick("keeper").await, Ok(Outcome::Failed));
    }
    jobs.shutdown().await.expect("nothing gave up");
}

#[tokio::test(start_paused = true)]
async fn in_manual_mode_resume_starts_nothing() {
    let cues = crew::Cues::default();
    let jobs = manual(&["keeper"]).data(cues.clone()).await;
    keeper::pause("for now").await.expect("it is there");
    keeper::resume().await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "keeper"), (0, 0, 0, 0, 0));
}
