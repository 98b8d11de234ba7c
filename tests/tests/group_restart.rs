//! Groups that are restarted: members of every kind, failures and requests while it goes on, and the budget.

mod crew;
mod stage;

use std::time::Duration;

use crew::{Asked, Cues, End, Failure, end, services, told, told_since, with};
use job_runtime::testing::{Harness, TestBuilder};
use job_runtime::{Context, Outcome, SkipReason, Trigger, group, job, periodic, service};
use stage::{assert_paired, books, counts, next, starts};

services![base, middle, top];
group!(pub ALL = [base, middle, top], strategy = "one_for_all", max_restarts = 1, max_seconds = 60);

const ALL_NAMES: [&str; 3] = ["base", "middle", "top"];

services![low, mid, high];
group!(pub REST = [low, mid, high], strategy = "rest_for_one", max_restarts = 2, max_seconds = 60);

const REST_NAMES: [&str; 3] = ["low", "mid", "high"];

async fn on(names: &[&str]) -> (Harness, Cues) {
    with(names, |jobs| jobs).await
}

fn running(jobs: &Harness) -> usize {
    jobs.running().len()
}

// ---- what goes on

#[tokio::test(start_paused = true)]
async fn members_stop_in_reverse_one_after_another_and_begin_in_order_when_all_are_down() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    cues.when_asked("top", Asked::After(1_000));
    cues.when_asked("base", Asked::After(2_000));
    let before = jobs.events().len();
    end(&jobs, &cues, "middle", End::Err).await;
    jobs.advance("10s").await;
    let told = [
        "0ms middle failed",
        "0ms middle restarts in 500ms",
        "1000ms top cancelled",
        "3000ms base cancelled",
        "3000ms base started",
        "3000ms middle started",
        "3000ms top started",
    ];
    assert_eq!(told_since(&jobs, before), told);
    for name in ALL_NAMES {
        assert_eq!(counts(&jobs, name), (2, 2, 0, 0, 0), "{name}");
        assert_eq!(jobs.runs(name)[1].trigger, Trigger::Restart, "{name}");
    }
    jobs.shutdown().await.expect("all end in their grace");
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_deaf_is_dropped_after_its_grace() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    cues.when_asked("top", Asked::Deaf);
    end(&jobs, &cues, "base", End::Panic).await;
    jobs.advance("5s").await;
    assert_eq!(starts(&jobs, "top"), [0, 5_000]);
    assert_eq!(starts(&jobs, "base"), [0, 5_000]);
    assert_eq!(jobs.runs("top")[0].outcome, Some(Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn how_a_member_answers_when_it_is_asked_is_no_end_that_counts() {
    for asked in [Asked::Err, Asked::Panic, Asked::Ok] {
        let (jobs, cues) = on(&ALL_NAMES).await;
        cues.when_asked("top", asked);
        cues.when_asked("base", asked);
        end(&jobs, &cues, "middle", End::Err).await;
        jobs.advance("500ms").await;
        assert_eq!(running(&jobs), 3, "{asked:?}");
        jobs.shutdown().await.expect("it did not give up");
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_ends_as_it_should_takes_nobody_along() {
    let (jobs, cues) = with(&ALL_NAMES, |jobs| jobs.configure("middle", |job| job.restart("transient"))).await;
    end(&jobs, &cues, "middle", End::Ok).await;
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "base"), starts(&jobs, "middle")), (vec![0], vec![0]));
}

// ---- the budget

#[tokio::test(start_paused = true)]
async fn a_restart_counts_once_against_the_budget_of_the_group_which_names_itself_when_it_gives_up() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    end(&jobs, &cues, "top", End::Err).await;
    jobs.advance("59999ms").await;
    assert_eq!(running(&jobs), 3);
    let before = jobs.events().len();
    end(&jobs, &cues, "base", End::Panic).await;
    let told = told_since(&jobs, before);
    assert_eq!(told[0], "59999ms base panicked");
    assert!(told[1].starts_with("59999ms base gave up: base panicked, at "), "{told:#?}");
    let rest = [
        "59999ms shutdown started",
        "59999ms top completed",
        "59999ms middle completed",
        "59999ms shutdown finished, abandoned []",
    ];
    assert_eq!(told[2..], rest);
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert!(error.is_gave_up());
    let text = "group `ALL` used up its restarts (1 in 1m); its last error: base panicked, at ";
    assert!(error.to_string().starts_with(text), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_end_as_long_ago_as_the_window_of_the_group_no_longer_counts() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    end(&jobs, &cues, "top", End::Err).await;
    jobs.advance("60s").await;
    end(&jobs, &cues, "base", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!(running(&jobs), 3);
}

/// The member has no `max_seconds` of its own: up for long is what the group calls long.
#[tokio::test(start_paused = true)]
async fn delays_grow_until_a_member_was_up_for_longer_than_the_window_of_its_group() {
    let (jobs, cues) = on(&REST_NAMES).await;
    end(&jobs, &cues, "high", End::Err).await;
    jobs.advance("20s").await;
    end(&jobs, &cues, "high", End::Err).await;
    jobs.advance("100s").await;
    end(&jobs, &cues, "high", End::Err).await;
    jobs.advance("1s").await;
    assert_eq!(starts(&jobs, "high"), [0, 500, 21_000, 120_500]);
}

// ---- a second failure

/// All are being restarted already.
#[tokio::test(start_paused = true)]
async fn a_member_that_fails_before_it_is_asked_is_part_of_the_same_restart() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    cues.when_asked("top", Asked::After(3_000));
    let before = jobs.events().len();
    end(&jobs, &cues, "middle", End::Err).await;
    jobs.advance("1s").await;
    end(&jobs, &cues, "base", End::Err).await;
    jobs.advance("2s").await;
    let told = [
        "0ms middle failed",
        "0ms middle restarts in 500ms",
        "1000ms base failed",
        "3000ms top cancelled",
        "3000ms base started",
        "3000ms middle started",
        "3000ms top started",
    ];
    assert_eq!(told_since(&jobs, before), told);
    jobs.shutdown().await.expect("it counted once");
}

#[tokio::test(start_paused = true)]
async fn a_member_in_front_that_fails_meanwhile_is_a_restart_of_its_own_and_all_begin_together() {
    let (jobs, cues) = on(&REST_NAMES).await;
    cues.when_asked("high", Asked::After(3_000));
    end(&jobs, &cues, "mid", End::Err).await;
    jobs.advance("1s").await;
    end(&jobs, &cues, "low", End::Err).await;
    jobs.advance("9s").await;
    for name in REST_NAMES {
        assert_eq!(starts(&jobs, name), [0, 3_000], "{name}");
    }
    // That were two of the two it has.
    end(&jobs, &cues, "high", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("the third").is_gave_up());
}

#[tokio::test(start_paused = true)]
async fn a_member_in_front_that_fails_while_the_others_wait_puts_their_start_off() {
    let (jobs, cues) = on(&REST_NAMES).await;
    end(&jobs, &cues, "mid", End::Err).await;
    jobs.advance("200ms").await;
    end(&jobs, &cues, "low", End::Err).await;
    jobs.advance("499ms").await;
    assert_eq!(running(&jobs), 0);
    jobs.advance("1ms").await;
    for name in REST_NAMES {
        assert_eq!(starts(&jobs, name), [0, 700], "{name}");
    }
}

// ---- requests meanwhile

/// The group of which the middle one has failed, while the top needs three seconds to stop.
async fn restarting() -> (Harness, Cues) {
    let (jobs, cues) = on(&ALL_NAMES).await;
    cues.when_asked("top", Asked::After(3_000));
    end(&jobs, &cues, "middle", End::Err).await;
    jobs.advance("1s").await;
    (jobs, cues)
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_while_members_stop_starts_none_again() {
    let (jobs, cues) = restarting().await;
    cues.when_asked("base", Asked::After(1_000));
    let before = jobs.events().len();
    jobs.shutdown().await.expect("all end in their grace");
    let told = [
        "1000ms shutdown started",
        "3000ms top cancelled",
        "4000ms base completed",
        "4000ms shutdown finished, abandoned []",
    ];
    assert_eq!(told_since(&jobs, before), told);
    assert_eq!(counts(&jobs, "middle"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_while_the_group_waits_for_its_start_starts_none_again() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    end(&jobs, &cues, "middle", End::Err).await;
    jobs.advance("100ms").await;
    let before = jobs.events().len();
    jobs.shutdown().await.expect("nothing is on");
    assert_eq!(told_since(&jobs, before), ["100ms shutdown started", "100ms shutdown finished, abandoned []"]);
    jobs.advance("1h").await;
    assert_eq!(running(&jobs), 0);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_paused_meanwhile_stays_down_until_it_is_resumed() {
    let (jobs, _cues) = restarting().await;
    for name in ["base", "middle", "top"] {
        jobs.runtime().pause(name, "for now").await.expect("it is there");
    }
    jobs.advance("1m").await;
    assert_eq!(running(&jobs), 0);
    for name in ["middle", "top"] {
        jobs.runtime().resume(name).await.expect("it is there");
    }
    jobs.advance("0s").await;
    assert_eq!((starts(&jobs, "base").len(), starts(&jobs, "middle").len(), starts(&jobs, "top").len()), (1, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_resumed_meanwhile_starts_with_the_others() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    base::pause("for now").await.expect("it is there");
    cues.when_asked("top", Asked::After(3_000));
    end(&jobs, &cues, "middle", End::Err).await;
    base::resume().await.expect("it is there");
    top::pause("for now").await.expect("it is there");
    top::resume().await.expect("it is there");
    jobs.advance("2s").await;
    assert_eq!(running(&jobs), 1, "only the one that stops");
    jobs.advance("1s").await;
    assert_eq!((starts(&jobs, "base"), starts(&jobs, "top")), (vec![0, 3_000], vec![0, 3_000]));
    assert_eq!(running(&jobs), 3);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_removed_meanwhile_is_not_waited_for() {
    let (jobs, _cues) = restarting().await;
    assert!(jobs.runtime().remove("top"));
    jobs.advance("0s").await;
    assert_eq!((starts(&jobs, "base"), starts(&jobs, "middle")), (vec![0, 1_000], vec![0, 1_000]));
    jobs.advance("1m").await;
    assert_eq!(running(&jobs), 2);
    jobs.shutdown().await.expect("all end when they are asked");
}

#[tokio::test(start_paused = true)]
async fn the_member_that_failed_can_be_removed_and_the_others_begin_all_the_same() {
    let (jobs, _cues) = restarting().await;
    assert!(jobs.runtime().remove("middle"));
    jobs.advance("1m").await;
    assert_eq!((starts(&jobs, "base"), starts(&jobs, "top")), (vec![0, 3_000], vec![0, 3_000]));
}

#[tokio::test(start_paused = true)]
async fn a_member_is_not_started_by_a_trigger_before_its_group_begins() {
    let (jobs, cues) = on(&ALL_NAMES).await;
    end(&jobs, &cues, "middle", End::Err).await;
    jobs.advance("100ms").await;
    for name in ALL_NAMES {
        let error = jobs.runtime().trigger(name).await.expect_err("its group is down");
        assert!(error.is_refused(), "{error}");
        assert_eq!(error.to_string(), format!("job `{name}` is stopped until its group begins anew"));
    }
    jobs.advance("1m").await;
    for name in ALL_NAMES {
        assert_eq!((starts(&jobs, name), counts(&jobs, name)), (vec![0, 500], (2, 2, 0, 0, 0)), "{name}");
    }
}

// ---- templates

#[service(job_shutdown = "5s")]
async fn for_each(number: u32, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    cues.play_as(&format!("for_each {number}"), cx).await
}

services![before_each];
group!(pub EACH = [before_each, for_each], strategy = "one_for_all", max_restarts = 1);

#[tokio::test(start_paused = true)]
async fn the_instances_of_a_template_go_down_and_begin_with_the_others() {
    let (jobs, cues) = on(&["before_each", "for_each"]).await;
    for number in 1..=4 {
        for_each::start(number).expect("it is not started yet");
    }
    jobs.advance("0s").await;
    cues.when_asked("for_each 1", Asked::After(2_000));
    cues.when_asked("for_each 2", Asked::After(2_000));
    end(&jobs, &cues, "before_each", End::Err).await;
    assert_eq!(running(&jobs), 2);
    assert!(for_each::stop(1), "it is not started again");
    assert!(for_each::stop(3), "it is down already");
    for_each::start(5).expect("it is not started yet");
    jobs.advance("1999ms").await;
    assert_eq!(running(&jobs), 2, "nothing of the group begins yet");
    jobs.advance("1ms").await;
    assert_eq!(starts(&jobs, "before_each"), [0, 2_000]);
    assert_eq!(starts(&jobs, "for_each"), [0, 0, 0, 0, 2_000, 2_000, 2_000]);
    assert_eq!(for_each::status().await.expect("it is there").instances, 3);
    end(&jobs, &cues, "for_each 5", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("an instance counts for the group").is_gave_up());
}

// ---- recurring members

#[periodic(every = "1m", on_overlap = "queue", initial_delay = "10s")]
async fn ticking(cx: &Context) {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

services![beside_ticks];
group!(pub TICKS = [beside_ticks, ticking], strategy = "one_for_all");

#[tokio::test(start_paused = true)]
async fn a_recurring_member_has_its_runs_cancelled_and_counts_its_ticks_anew() {
    let (jobs, cues) = on(&["beside_ticks", "ticking"]).await;
    jobs.advance("75s").await;
    assert_eq!(next(&jobs, "ticking", 1), [130_000]);
    end(&jobs, &cues, "beside_ticks", End::Err).await;
    assert!(next(&jobs, "ticking", 1).is_empty());
    assert!(jobs.runtime().trigger("ticking").await.expect_err("its group is down").is_refused());
    jobs.advance("2s").await;
    assert_eq!(starts(&jobs, "beside_ticks"), [0, 77_000]);
    assert_eq!(next(&jobs, "ticking", 2), [87_000, 147_000]);
    let told: Vec<String> = told(&jobs).into_iter().filter(|line| line.contains(" ticking ")).collect();
    assert_eq!(told, ["10000ms ticking started", "75000ms ticking skipped cancelled", "77000ms ticking cancelled"]);
    assert_eq!(books(&jobs, "ticking").skipped_for(SkipReason::Cancelled), 1);
}

#[periodic(every = "1s")]
async fn failing_ticks() -> Result<(), String> {
    Err("as told".to_owned())
}

services![beside_failing_ticks];
group!(pub FAILING_TICKS = [beside_failing_ticks, failing_ticks], strategy = "one_for_all", max_restarts = 0);

/// What fails in a tick is that tick: a schedule does not end by it.
#[tokio::test(start_paused = true)]
async fn a_tick_that_fails_restarts_nobody() {
    let (jobs, _cues) = on(&["beside_failing_ticks", "failing_ticks"]).await;
    jobs.advance("10s").await;
    assert_eq!((jobs.runs("failing_ticks").len(), starts(&jobs, "beside_failing_ticks").len()), (10, 1));
}

// ---- jobs on demand as members

#[job(max_running = 1, max_attempts = 2, backoff = "1m")]
async fn deliver(seconds: u64, sent: &mut Vec<u64>) -> Result<(), String> {
    if seconds == 0 {
        return Err("nobody is there".to_owned());
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    sent.push(seconds);
    Ok(())
}

services![beside_deliveries];
group!(pub DELIVERIES = [beside_deliveries, deliver], strategy = "one_for_all");

#[tokio::test(start_paused = true)]
async fn a_job_member_has_its_runs_cancelled_and_what_waits_is_started_after_the_restart() {
    let (jobs, cues) = on(&["beside_deliveries", "deliver"]).await;
    let running = deliver::spawn(100);
    let (waiting, later) = (deliver::spawn(1), deliver::spawn_after("1100ms", 2));
    jobs.advance("1s").await;
    end(&jobs, &cues, "beside_deliveries", End::Err).await;
    jobs.advance("200ms").await;
    let meanwhile = deliver::spawn(3);
    jobs.advance("299ms").await;
    assert_eq!(starts(&jobs, "deliver"), [0]);
    assert_eq!(counts(&jobs, "deliver"), (4, 1, 0, 0, 3));
    jobs.advance("10s").await;
    assert!(running.await.expect_err("the group was restarted").is_cancelled());
    for handle in [waiting, later, meanwhile] {
        handle.await.expect("it ran after the restart");
    }
    assert_eq!(starts(&jobs, "deliver"), [0, 1_500, 2_500, 4_500]);
    assert_eq!(deliver::peek(Clone::clone).await.expect("it is this runtime's"), Some(vec![1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_a_retry_is_cancelled_by_the_restart_of_its_group() {
    let (jobs, cues) = on(&["beside_deliveries", "deliver"]).await;
    let retried = deliver::spawn(0);
    jobs.advance("1s").await;
    assert_eq!(running(&jobs), 2);
    end(&jobs, &cues, "beside_deliveries", End::Err).await;
    jobs.advance("1h").await;
    assert!(retried.await.expect_err("the group was restarted").is_cancelled());
    assert_eq!(jobs.runs("deliver").len(), 1);
}

// ---- how often

fn at_once(jobs: TestBuilder) -> TestBuilder {
    jobs.configure("low", |job| job.backoff("0s")).configure("mid", |job| job.backoff("0s"))
}

#[tokio::test(start_paused = true)]
async fn without_a_delay_the_group_begins_when_all_are_down() {
    let (jobs, cues) = with(&REST_NAMES, at_once).await;
    cues.when_asked("high", Asked::After(100));
    end(&jobs, &cues, "mid", End::Err).await;
    jobs.advance("100ms").await;
    assert_eq!((starts(&jobs, "low"), starts(&jobs, "mid")), (vec![0], vec![0, 100]));
    jobs.advance("1s").await;
    cues.when_asked("high", Asked::Ok);
    end(&jobs, &cues, "low", End::Err).await;
    assert_eq!(starts(&jobs, "high"), [0, 100, 1_100]);
    assert_eq!(running(&jobs), 3);
}
