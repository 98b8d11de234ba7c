//! D9 and D10: the program is not there while ticks come due, for moments and for weeks, under each policy.

use std::time::Duration;

use job_runtime::testing::start;
use job_runtime::{EventKind, MissReason, Periodic, SkipReason, StoreConfig, periodic};

use crate::lives::{EachSecond, HOUR, SECOND, WEEK, add, empty, every, life, lived, remembered};
use crate::stage::{assert_paired, at, books, chronicle, counts, next, nominals, starts, story};

#[periodic(every = "10s", on_missed = "skip")]
async fn skip() {}

#[periodic(every = "10s")]
async fn one() {}

#[periodic(every = "10s", on_missed = "all(5)")]
async fn five() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[periodic(every = "10s", on_missed = "all")]
async fn all() {}

const NAMES: [&str; 4] = ["skip", "one", "five", "all"];

/// The jobs after a life up to 105 s and 90 s in which they were not there, with nine ticks.
async fn after_90_seconds() -> job_runtime::testing::Harness {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &NAMES, 0, 105 * SECOND).await);
    let jobs = lived(&memory, &NAMES, 195 * SECOND, 195 * SECOND).await;
    for name in NAMES {
        assert_eq!(books(&jobs, name).due, 9, "{name}");
    }
    assert!(chronicle(&jobs).is_empty(), "no stall is seen, and no step");
    jobs
}

#[tokio::test(start_paused = true)]
async fn d9_skip_runs_none_of_them() {
    let jobs = after_90_seconds().await;
    assert_eq!(story(&jobs, "skip"), ["195000ms missed downtime 9: 110000..190000ms"]);
    assert_eq!(books(&jobs, "skip").missed_for(MissReason::Downtime), 9);
    jobs.advance("5s").await;
    assert_eq!((nominals(&jobs, "skip"), starts(&jobs, "skip")), (vec![200_000], vec![200_000]));
    assert_eq!(counts(&jobs, "skip"), (10, 1, 0, 9, 0));
}

#[tokio::test(start_paused = true)]
async fn d9_one_runs_the_newest() {
    let jobs = after_90_seconds().await;
    let told = ["195000ms missed downtime 8: 110000..180000ms", "195000ms 1 started", "195000ms 1 completed"];
    assert_eq!(story(&jobs, "one")[0], told[0]);
    assert_eq!((nominals(&jobs, "one"), starts(&jobs, "one")), (vec![190_000], vec![195_000]));
    assert_eq!(books(&jobs, "one").missed_for(MissReason::Downtime), 8);
    jobs.advance("15s").await;
    assert_eq!(nominals(&jobs, "one"), [190_000, 200_000, 210_000]);
    assert_eq!(counts(&jobs, "one"), (11, 3, 0, 8, 0));
}

#[tokio::test(start_paused = true)]
async fn d9_all_of_five_runs_the_newest_five_one_after_another() {
    let jobs = after_90_seconds().await;
    jobs.advance("10s").await;
    assert_eq!(story(&jobs, "five")[0], "195000ms missed downtime 4: 110000..140000ms");
    assert_eq!(nominals(&jobs, "five"), [150_000, 160_000, 170_000, 180_000, 190_000, 200_000]);
    assert_eq!(starts(&jobs, "five"), [195_000, 196_000, 197_000, 198_000, 199_000, 200_000]);
    assert_eq!(counts(&jobs, "five"), (10, 6, 0, 4, 0));
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn d9_all_runs_each() {
    let jobs = after_90_seconds().await;
    assert_eq!(nominals(&jobs, "all"), [110, 120, 130, 140, 150, 160, 170, 180, 190].map(|seconds| seconds * 1_000));
    assert_eq!(counts(&jobs, "all"), (9, 9, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_single_tick_that_is_a_little_late_just_starts() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &NAMES, 0, 19 * SECOND).await);
    let jobs = lived(&memory, &NAMES, 21 * SECOND, 21 * SECOND).await;
    for name in NAMES {
        assert_eq!((nominals(&jobs, name), starts(&jobs, name)), (vec![20_000], vec![21_000]), "{name}");
        assert_eq!(counts(&jobs, name).3, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_falls_on_the_start_is_in_time() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &NAMES, 0, 15 * SECOND).await);
    let jobs = lived(&memory, &NAMES, 20 * SECOND, 20 * SECOND).await;
    for name in NAMES {
        assert_eq!((nominals(&jobs, name), starts(&jobs, name)), (vec![20_000], vec![20_000]), "{name}");
    }
}

#[periodic(every = "5s")]
async fn often() {}

#[periodic(every = "5s", on_missed = "all(20)")]
async fn twenty() {}

#[periodic(every = "5s", align = true, on_missed = "all(20)")]
async fn grid() {}

#[periodic(cron = "*/5 * * * * *", on_missed = "all(20)")]
async fn fives() {}

/// Two weeks of these are a quarter of a million ticks.
#[tokio::test(start_paused = true)]
async fn d10_two_weeks_are_counted_and_run_as_often_as_is_said() {
    let (memory, names) = (StoreConfig::memory(), ["often", "twenty", "grid", "fives"]);
    drop(lived(&memory, &names, 0, 12 * SECOND).await);
    let begin = 2 * WEEK + 12 * SECOND;
    let jobs = lived(&memory, &names, begin, begin).await;
    let (due, last) = (2 * WEEK / (5 * SECOND), u128::from(2 * WEEK + 10 * SECOND));
    assert_eq!(counts(&jobs, "often"), (due, 1, 0, due - 1, 0));
    assert_eq!(nominals(&jobs, "often"), [last]);
    for name in ["twenty", "grid", "fives"] {
        assert_eq!(counts(&jobs, name), (due, 20, 0, due - 20, 0), "{name}");
        assert_eq!(books(&jobs, name).missed_for(MissReason::Downtime), due - 20, "{name}");
        let newest: Vec<u128> = (0..20).rev().map(|back| last - back * 5_000).collect();
        assert_eq!(nominals(&jobs, name), newest, "{name}");
        let missed = jobs.events().into_iter().filter_map(|event| match event.kind {
            EventKind::Missed { count, from, to, .. } if event.job.as_deref() == Some(name) => Some((count, from, to)),
            _ => None,
        });
        let end = at(2 * WEEK + 10 * SECOND) - Duration::from_secs(100);
        assert_eq!(missed.collect::<Vec<_>>(), [(due - 20, at(15 * SECOND), end)], "{name}");
    }
    jobs.advance("3s").await;
    for name in names {
        assert_eq!(nominals(&jobs, name).last(), Some(&(last + 5_000)), "{name}");
    }
}

/// What cannot be counted is walked through in portions, which are all of the same downtime.
#[tokio::test(start_paused = true)]
async fn a_rule_of_the_users_own_goes_on_too() {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "ruled", EachSecond);
    jobs.advance("2s").await;
    drop(jobs);
    let jobs = empty(&memory, at(300_000 * SECOND)).await;
    add(&jobs, "ruled", EachSecond);
    jobs.advance("1s").await;
    assert_eq!(counts(&jobs, "ruled"), (299_999, 2, 0, 299_997, 0));
    assert_eq!(books(&jobs, "ruled").missed_for(MissReason::Downtime), 299_997);
    assert_eq!(nominals(&jobs, "ruled"), [300_000_000, 300_001_000]);
}

#[periodic(every = "10s", on_missed = "all", start_deadline = "30s")]
async fn urgent() {}

#[tokio::test(start_paused = true)]
async fn a_start_deadline_holds_over_a_downtime() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["urgent"], 0, 105 * SECOND).await);
    let jobs = lived(&memory, &["urgent"], 195 * SECOND, 195 * SECOND).await;
    assert_eq!(books(&jobs, "urgent").missed_for(MissReason::StartDeadline), 6);
    assert_eq!(nominals(&jobs, "urgent"), [170_000, 180_000, 190_000]);
}

#[tokio::test(start_paused = true)]
async fn what_came_due_in_a_downtime_is_not_told_as_a_stall() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["one"], 0, 15 * SECOND).await);
    let jobs = lived(&memory, &["one"], HOUR, HOUR).await;
    jobs.stall("65s").await;
    assert!(story(&jobs, "one")[0].contains("missed downtime 358: 20000..3590000ms"), "{:?}", story(&jobs, "one"));
    assert_eq!(books(&jobs, "one").missed_for(MissReason::Stalled), 5);
}

/// Whether the runs of a life were ended in order, or it just stopped, makes no difference to what is due after it.
#[tokio::test(start_paused = true)]
async fn after_a_shutdown_in_order_the_time_to_the_next_start_is_a_downtime() {
    let memory = StoreConfig::memory();
    let jobs = lived(&memory, &["one"], 0, 15 * SECOND).await;
    jobs.shutdown().await.expect("nothing runs");
    jobs.advance("1m").await;
    assert_eq!(remembered(&jobs, "one").await, Some(("every 10s".to_owned(), Some(10_000), 20_000)));
    drop(jobs);
    let jobs = lived(&memory, &["one"], 75 * SECOND, 75 * SECOND).await;
    assert_eq!(counts(&jobs, "one"), (6, 1, 0, 5, 0));
}

/// What is due at a start and has not been looked at when the program ends again is due at the next.
#[tokio::test(start_paused = true)]
async fn what_nobody_looked_at_is_still_due() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["one"], 0, 15 * SECOND).await);
    drop(life(&memory, &["one"], 45 * SECOND).await);
    let jobs = lived(&memory, &["one"], 75 * SECOND, 75 * SECOND).await;
    assert_eq!(counts(&jobs, "one"), (6, 1, 0, 5, 0));
}

#[periodic(every = "10s", enabled = false)]
async fn disabled() {}

#[periodic(every = "10s", enabled = false, on_missed = "all(3)")]
async fn disabled_three() {}

/// What a downtime and its policy let run is skipped, as after a stall.
#[tokio::test(start_paused = true)]
async fn a_job_that_starts_paused_skips_what_would_run() {
    let (memory, names) = (StoreConfig::memory(), ["disabled", "disabled_three"]);
    drop(lived(&memory, &names, 0, 105 * SECOND).await);
    let jobs = lived(&memory, &names, 195 * SECOND, 195 * SECOND).await;
    for (name, skipped) in [("disabled", 1), ("disabled_three", 3)] {
        assert_eq!(counts(&jobs, name), (9, 0, skipped, 9 - skipped, 0), "{name}");
        assert_eq!(books(&jobs, name).skipped_for(SkipReason::Paused), skipped, "{name}");
        assert_eq!(books(&jobs, name).missed_for(MissReason::Downtime), 9 - skipped, "{name}");
        assert_eq!(next(&jobs, name, 1), [200_000], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_added_at_run_time_is_remembered_by_its_name() {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "added", every("10s"));
    jobs.advance("15s").await;
    drop(jobs);
    let jobs = empty(&memory, at(45 * SECOND)).await;
    jobs.advance("10s").await;
    add(&jobs, "added", every("10s"));
    add(&jobs, "other", every("10s"));
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "added"), (4, 1, 0, 3, 0));
    assert_eq!(nominals(&jobs, "added"), [50_000]);
    assert_eq!(counts(&jobs, "other"), (0, 0, 0, 0, 0));
    assert_eq!(next(&jobs, "other", 1), [65_000]);
    add(&jobs, "short", every("10s"));
    assert!(jobs.runtime().remove("short"));
    assert_eq!(remembered(&jobs, "short").await, None, "it is gone before it was put down");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_removed_is_remembered_no_more() {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "added", every("10s"));
    jobs.advance("15s").await;
    drop(jobs);
    let jobs = empty(&memory, at(16 * SECOND)).await;
    add(&jobs, "added", every("10s"));
    assert!(jobs.runtime().remove("added"));
    jobs.advance("1m").await;
    add(&jobs, "added", every("10s"));
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "added"), (0, 0, 0, 0, 0));
    assert_eq!(next(&jobs, "added", 1), [86_000]);
}

#[tokio::test(start_paused = true)]
async fn where_ticks_come_by_hand_nothing_is_remembered() {
    let memory = StoreConfig::memory();
    empty(&memory, at(0)).await.set_mark("one", "every 10s", Some(at(0)), at(10 * SECOND)).await;
    let jobs = start().only(["one"]).at(at(45 * SECOND)).store(memory.clone()).await;
    assert_eq!(counts(&jobs, "one"), (0, 0, 0, 0, 0));
    jobs.tick("one").await.expect("it runs");
    assert_eq!(counts(&jobs, "one"), (1, 1, 0, 0, 0));
    assert_eq!(remembered(&jobs, "one").await, Some(("every 10s".to_owned(), Some(0), 10_000)));
}

#[periodic(every = "10s")]
async fn instance(_shard: u32) {}

#[tokio::test(start_paused = true)]
async fn the_instances_of_a_template_are_not_remembered() {
    let memory = StoreConfig::memory();
    for begin in [0, 45 * SECOND] {
        let jobs = life(&memory, &["instance"], begin).await;
        instance::start(1).expect("it is not started yet");
        jobs.advance("15s").await;
        assert_eq!(counts(&jobs, "instance"), (1, 1, 0, 0, 0));
        assert_eq!(remembered(&jobs, "instance").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn with_options_an_added_job_is_the_same_job() {
    let memory = StoreConfig::memory();
    let job = |policy| Periodic::new("added", every("10s"), |_| async {}).configure(move |job| job.on_missed(policy));
    let jobs = empty(&memory, at(0)).await;
    jobs.runtime().add(job("one").expect("a policy")).expect("the name is free");
    drop(jobs);
    let jobs = empty(&memory, at(45 * SECOND)).await;
    jobs.runtime().add(job("all").expect("a policy")).expect("the name is free");
    jobs.advance("0s").await;
    assert_eq!(nominals(&jobs, "added"), [10_000, 20_000, 30_000, 40_000], "the policy is that of today");
}
