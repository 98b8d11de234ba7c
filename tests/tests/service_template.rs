//! A service with arguments: one instance for each value, started and stopped on demand.

mod crew;
mod stage;

use crew::{Asked, Cues, End, Failure, end, on, with};
use job_runtime::testing::TickError;
use job_runtime::{Context, Outcome, SkipReason, Trigger, service};
use stage::{assert_paired, auto, books, counts, manual, ms, next, starts};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct User(String, u32);

fn user(number: u32) -> User {
    User("user".to_owned(), number)
}

#[service(backoff = "10s", max_restarts = 2, max_seconds = 60)]
async fn sync(user: User, seen: &mut Vec<u32>, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    seen.push(user.1);
    cues.play_as(&format!("sync {}", user.1), cx).await
}

/// The instances of these numbers, started.
async fn started<const N: usize>(numbers: [u32; N]) -> (job_runtime::testing::Harness, Cues) {
    let (jobs, cues) = on(&["sync"]).await;
    for number in numbers {
        sync::start(user(number)).expect("it is not started yet");
    }
    jobs.advance("0s").await;
    (jobs, cues)
}

/// How many there are, and how many runs are on.
async fn instances() -> (usize, usize) {
    let info = sync::status().await.expect("it is there");
    (info.instances, info.running)
}

#[tokio::test(start_paused = true)]
async fn an_instance_runs_from_its_start_to_its_stop() {
    let (jobs, _cues) = started([]).await;
    jobs.advance("1h").await;
    assert_eq!((jobs.runs("sync").len(), instances().await), (0, (0, 0)));
    assert!(!sync::stop(user(7)));
    sync::start(user(7)).expect("it is not started yet");
    assert!(sync::start(user(7)).expect_err("it is started").is_refused());
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "sync"), instances().await), (vec![3_600_000], (1, 1)));
    assert_eq!(jobs.runs("sync")[0].trigger, Trigger::Manual);
    assert!(sync::stop(user(7)));
    assert!(!sync::stop(user(7)));
    jobs.advance("1h").await;
    assert_eq!(jobs.runs("sync")[0].outcome, Some(Outcome::Cancelled));
    assert_eq!((counts(&jobs, "sync"), instances().await), ((1, 1, 0, 0, 0), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_restarted_with_its_arguments_and_its_state() {
    let (jobs, cues) = started([1, 2]).await;
    end(&jobs, &cues, "sync 2", End::Err).await;
    assert_eq!((instances().await, next(&jobs, "sync", 5)), ((2, 1), vec![10_000]));
    jobs.advance("10s").await;
    let seen = |number| sync::peek(user(number), Clone::clone);
    assert!(sync::stop(user(1)) && sync::stop(user(2)));
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "sync"), [0, 0, 10_000]);
    assert_eq!(seen(2).await.expect("it is this runtime's"), None, "what was stopped is gone");
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_its_own_state() {
    let (jobs, cues) = started([1, 2]).await;
    end(&jobs, &cues, "sync 1", End::Err).await;
    jobs.advance("10s").await;
    end(&jobs, &cues, "sync 1", End::Err).await;
    end(&jobs, &cues, "sync 2", End::Err).await;
    let seen = |number| sync::peek(user(number), Clone::clone);
    assert_eq!(seen(1).await.expect("it is this runtime's"), Some(vec![1, 1]));
    assert_eq!(seen(2).await.expect("it is this runtime's"), Some(vec![2]));
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_its_own_budget() {
    let (jobs, cues) = started([1, 2, 3]).await;
    for _ in 0..2 {
        for number in 1..=3 {
            end(&jobs, &cues, &format!("sync {number}"), End::Err).await;
        }
        jobs.advance("10s").await;
    }
    assert_eq!(instances().await, (3, 3));
    end(&jobs, &cues, "sync 3", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("the third of one instance").is_gave_up());
}

#[tokio::test(start_paused = true)]
async fn stop_takes_back_the_restart_that_is_waited_for() {
    let (jobs, cues) = started([1, 2]).await;
    end(&jobs, &cues, "sync 1", End::Err).await;
    assert!(sync::stop(user(1)));
    assert!(!sync::stop(user(1)));
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "sync"), instances().await), (vec![0, 0], (1, 1)));
    assert_eq!(books(&jobs, "sync").skipped_for(SkipReason::Cancelled), 1);
    sync::start(user(1)).expect("it was stopped");
    jobs.advance("0s").await;
    assert_eq!(instances().await, (2, 2));
}

#[tokio::test(start_paused = true)]
async fn started_again_while_it_stops_it_begins_anew_after_that() {
    let (jobs, cues) = started([1]).await;
    cues.when_asked("sync 1", Asked::After(3_000));
    assert!(sync::stop(user(1)));
    sync::start(user(1)).expect("it was stopped");
    assert!(sync::start(user(1)).is_err());
    jobs.advance("2999ms").await;
    assert_eq!((starts(&jobs, "sync"), jobs.running().len()), (vec![0], 1));
    jobs.advance("1ms").await;
    assert_eq!((starts(&jobs, "sync"), instances().await), (vec![0, 3_000], (1, 1)));
    end(&jobs, &cues, "sync 1", End::Err).await;
    let seen = sync::peek(user(1), Clone::clone).await.expect("it is this runtime's");
    assert_eq!(seen, Some(vec![1]), "with a state of its own");
}

#[tokio::test(start_paused = true)]
async fn started_and_stopped_again_while_it_stops_it_does_not_begin() {
    let (jobs, cues) = started([1]).await;
    cues.when_asked("sync 1", Asked::After(3_000));
    assert!(sync::stop(user(1)));
    sync::start(user(1)).expect("it was stopped");
    assert!(sync::stop(user(1)));
    assert!(!sync::stop(user(1)));
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "sync"), instances().await), (vec![0], (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_no_end_that_counts() {
    let (jobs, cues) = with(&["sync"], |jobs| jobs.configure("sync", |job| job.max_restarts(0))).await;
    for asked in [Asked::Ok, Asked::Err, Asked::Panic, Asked::Deaf] {
        cues.when_asked("sync 1", asked);
        sync::start(user(1)).expect("it is not started");
        jobs.advance("0s").await;
        assert!(sync::stop(user(1)));
        jobs.advance("5s").await;
    }
    assert_eq!(instances().await, (0, 0));
    jobs.shutdown().await.expect("nothing gave up");
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_all_instances_and_resume_starts_them() {
    let (jobs, cues) = started([1, 2, 3]).await;
    end(&jobs, &cues, "sync 3", End::Err).await;
    sync::pause("for now").await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(instances().await, (3, 0));
    sync::start(user(4)).expect("it is not started yet");
    assert!(sync::stop(user(1)));
    jobs.advance("0s").await;
    assert_eq!(instances().await, (3, 0));
    sync::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(instances().await, (3, 3));
    assert_eq!(starts(&jobs, "sync")[3..], [3_600_000; 3]);
}

#[tokio::test(start_paused = true)]
async fn restarts_of_many_instances_are_shown_by_time() {
    let (jobs, cues) = started([1, 2, 3, 4, 5, 6, 7]).await;
    for number in [4, 2, 6, 1, 3, 7] {
        jobs.advance("1s").await;
        end(&jobs, &cues, &format!("sync {number}"), End::Err).await;
    }
    let shown = sync::status().await.expect("it is there").next;
    assert_eq!(shown.into_iter().map(ms).collect::<Vec<_>>(), [11_000, 12_000, 13_000, 14_000, 15_000]);
    assert_eq!(books(&jobs, "sync").pending, 6);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_after_the_shutdown() {
    let (jobs, _cues) = started([1]).await;
    jobs.shutdown().await.expect("it ends when it is asked");
    assert!(sync::start(user(2)).expect_err("it is over").is_refused());
    assert_eq!(counts(&jobs, "sync"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn started_again_while_it_stops_it_does_not_begin_in_a_shutdown() {
    let (jobs, cues) = started([1]).await;
    cues.when_asked("sync 1", Asked::After(3_000));
    assert!(sync::stop(user(1)));
    sync::start(user(1)).expect("it was stopped");
    jobs.shutdown().await.expect("it ends in its grace");
    assert_eq!(starts(&jobs, "sync"), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_removed_stops_its_instances() {
    let (jobs, cues) = started([1, 2]).await;
    cues.when_asked("sync 1", Asked::After(1_000));
    assert!(sync::stop(user(1)));
    sync::start(user(1)).expect("it was stopped");
    assert!(jobs.runtime().remove("sync"));
    assert!(sync::start(user(3)).is_err());
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "sync"), jobs.running().len()), (vec![0, 0], 0));
}

#[tokio::test(start_paused = true)]
async fn in_manual_mode_instances_start_by_tick_alone() {
    let cues = Cues::default();
    let jobs = manual(&["sync"]).data(cues.clone()).await;
    assert_eq!(jobs.tick("sync").await, Err(TickError::UnknownJob));
    for number in [1, 2] {
        sync::start(user(number)).expect("it is not started yet");
        cues.end(&format!("sync {number}"), End::Ok);
    }
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "sync"), (0, 0, 0, 0, 0));
    assert_eq!(jobs.tick("sync").await, Ok(Outcome::Completed));
    assert_eq!(counts(&jobs, "sync"), (2, 2, 0, 0, 0));
}

#[service(restart = "temporary")]
async fn one_for_each(number: u64, cx: &Context) {
    let _ = number;
    cx.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_instances_start_and_stop() {
    const COUNT: u64 = 10_000;
    let jobs = auto(&["one_for_each"]).await;
    for number in 0..COUNT {
        one_for_each::start(number).expect("it is not started yet");
    }
    jobs.advance("0s").await;
    assert_eq!(one_for_each::status().await.expect("it is there").running, 10_000);
    for number in 0..COUNT / 2 {
        assert!(one_for_each::stop(number));
    }
    jobs.advance("0s").await;
    let info = one_for_each::status().await.expect("it is there");
    assert_eq!((info.instances, info.running), (5_000, 5_000));
    jobs.shutdown().await.expect("all end when they are asked");
    assert_eq!(counts(&jobs, "one_for_each"), (COUNT, COUNT, 0, 0, 0));
}

#[service(restart = "transient")]
async fn import(file: u32, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    cues.play_as(&format!("import {file}"), cx).await
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_done_makes_room_for_another() {
    let (jobs, cues) = on(&["import"]).await;
    import::start(1).expect("it is not started yet");
    import::start(2).expect("it is not started yet");
    jobs.advance("0s").await;
    end(&jobs, &cues, "import 1", End::Ok).await;
    assert_eq!(import::status().await.expect("it is there").instances, 1);
    assert!(!import::stop(1), "it has gone by itself");
    import::start(1).expect("the one before is done");
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "import"), (3, 3, 0, 0, 0));
    end(&jobs, &cues, "import 2", End::Err).await;
    assert!(import::start(2).expect_err("it waits for its restart").is_refused());
}
