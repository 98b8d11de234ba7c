//! Marks that a wrong clock left behind, and clocks that are set while marks are kept.

use job_runtime::{MissReason, StoreConfig, periodic};

use crate::lives::{DAY, HOUR, MINUTE, SECOND, WEEK, life, lived, remembered};
use crate::stage::{at, books, counts, next, nominals};

#[periodic(every = "1h")]
async fn equal() {}

#[periodic(every = "1h", initial_delay = "5h")]
async fn delayed() {}

#[periodic(cron = "0 * * * *")]
async fn calendar() {}

#[periodic(every = "1h", align = true)]
async fn aligned() {}

/// What is planned at half past ten, when `last` and `next` were remembered.
async fn recalled(name: &str, last: Option<u64>, planned: u64) -> u128 {
    let (memory, begin) = (StoreConfig::memory(), 10 * HOUR + 30 * MINUTE);
    let jobs = lived(&memory, &[name], 0, 0).await;
    let (schedule, ..) = jobs.mark(name).await.expect("it is planned");
    jobs.set_mark(name, &schedule, last.map(at), at(planned)).await;
    drop(jobs);
    let jobs = lived(&memory, &[name], begin, begin).await;
    assert_eq!(counts(&jobs, name).0, 0, "{name}: nothing is due");
    let planned = next(&jobs, name, 1)[0];
    assert_eq!(remembered(&jobs, name).await.expect("it is planned").2, planned);
    planned
}

#[tokio::test(start_paused = true)]
async fn a_mark_more_than_a_period_ahead_is_ignored() {
    let minutes = |minutes: u64| u128::from(minutes * MINUTE);
    for (name, last, next, planned) in [
        ("equal", Some(10 * HOUR), 11 * HOUR + 29 * MINUTE, minutes(689)),
        ("equal", Some(10 * HOUR), 11 * HOUR + 31 * MINUTE, minutes(690)),
        ("equal", None, 1_000 * WEEK, minutes(690)),
        ("delayed", None, 15 * HOUR, minutes(900)),
        ("delayed", None, 16 * HOUR, minutes(930)),
        ("calendar", Some(11 * HOUR), 12 * HOUR, minutes(720)),
        ("calendar", Some(12 * HOUR), 13 * HOUR, minutes(660)),
        ("calendar", None, 1_000 * WEEK, minutes(660)),
        ("aligned", Some(11 * HOUR), 12 * HOUR, minutes(720)),
        ("aligned", Some(12 * HOUR), 13 * HOUR, minutes(660)),
    ] {
        assert_eq!(recalled(name, last, next).await, planned, "{name}, {last:?}, {next}");
    }
}

/// The clock showed the next day for a while, and was set back when the ticks of that day had had their turn.
#[tokio::test(start_paused = true)]
async fn what_a_wrong_clock_did_keeps_nothing_back_after_a_restart() {
    let memory = StoreConfig::memory();
    let names = ["calendar", "aligned"];
    let jobs = lived(&memory, &names, DAY, DAY + 3 * HOUR).await;
    jobs.set_wall(at(90 * MINUTE)).await;
    jobs.advance("1m").await;
    for name in names {
        assert_eq!(next(&jobs, name, 1), [u128::from(2 * HOUR)], "{name}");
        assert_eq!(remembered(&jobs, name).await.expect("it is planned").2, u128::from(2 * HOUR), "{name}");
    }
    drop(jobs);
    let jobs = lived(&memory, &names, 4 * HOUR + MINUTE, 4 * HOUR + MINUTE).await;
    for name in names {
        assert_eq!(counts(&jobs, name), (3, 1, 0, 2, 0), "{name}: 02:00, 03:00 and 04:00");
        assert_eq!(nominals(&jobs, name), [u128::from(4 * HOUR)], "{name}");
    }
}

/// A clock that is set back by a little soon after a start.
#[tokio::test(start_paused = true)]
async fn the_last_tick_of_a_life_before_does_not_come_again() {
    let (memory, names) = (StoreConfig::memory(), ["calendar", "aligned"]);
    drop(lived(&memory, &names, 30 * MINUTE, HOUR).await);
    let jobs = lived(&memory, &names, HOUR + 5 * SECOND, HOUR + 5 * SECOND).await;
    jobs.set_wall(at(HOUR - 5 * SECOND)).await;
    jobs.advance("1m").await;
    for name in names {
        assert_eq!(counts(&jobs, name), (0, 0, 0, 0, 0), "{name}");
        assert_eq!(next(&jobs, name, 1), [u128::from(2 * HOUR)], "{name}");
    }
}

#[periodic(cron = "0 * * * *", on_missed = "all")]
async fn each() {}

/// After a start that found ticks overdue, the clock is set back over them.
#[tokio::test(start_paused = true)]
async fn what_was_caught_up_does_not_come_again() {
    let (memory, names) = (StoreConfig::memory(), ["calendar", "each"]);
    drop(lived(&memory, &names, 30 * MINUTE, HOUR).await);
    let jobs = lived(&memory, &names, 5 * HOUR + MINUTE, 5 * HOUR + MINUTE).await;
    jobs.set_wall(at(3 * HOUR + 30 * MINUTE)).await;
    jobs.advance("2h").await;
    assert_eq!(nominals(&jobs, "each"), [2, 3, 4, 5].map(|hour| u128::from(hour * HOUR)));
    // As after a stall, a time that was missed has its run when it comes again.
    assert_eq!(nominals(&jobs, "calendar"), [5, 4].map(|hour| u128::from(hour * HOUR)));
    for name in names {
        assert_eq!(next(&jobs, name, 1), [u128::from(6 * HOUR)], "{name}");
    }
}

/// A step that makes more due while what a downtime made due was not looked at: all of it is told as the downtime's.
#[tokio::test(start_paused = true)]
async fn a_step_just_after_the_start_changes_no_reason() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["calendar"], 30 * MINUTE, HOUR).await);
    let jobs = life(&memory, &["calendar"], 3 * HOUR + MINUTE).await;
    jobs.set_wall(at(5 * HOUR + MINUTE)).await;
    jobs.advance("1m").await;
    assert_eq!(counts(&jobs, "calendar"), (4, 1, 0, 3, 0));
    assert_eq!(books(&jobs, "calendar").missed_for(MissReason::Downtime), 3);
}

/// Before anybody looked at what was due, the clock turns out to be ahead, so that it is not due.
#[tokio::test(start_paused = true)]
async fn what_is_due_by_a_wrong_clock_alone_is_not_due() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["calendar"], 30 * MINUTE, HOUR).await);
    let jobs = life(&memory, &["calendar"], 5 * HOUR + MINUTE).await;
    jobs.set_wall(at(90 * MINUTE)).await;
    jobs.advance("20m").await;
    assert_eq!(counts(&jobs, "calendar"), (0, 0, 0, 0, 0));
    jobs.stall("3h").await;
    assert_eq!(counts(&jobs, "calendar"), (3, 1, 0, 2, 0));
    assert_eq!(books(&jobs, "calendar").missed_for(MissReason::Stalled), 2);
}

/// Equal periods follow the monotonic clock; what is remembered of them is what the wall clock will show.
#[tokio::test(start_paused = true)]
async fn a_planned_tick_of_equal_periods_is_read_on_the_wall_clock_that_was_set() {
    let memory = StoreConfig::memory();
    let jobs = lived(&memory, &["equal"], 0, 30 * MINUTE).await;
    jobs.set_wall(at(DAY)).await;
    jobs.advance("30s").await;
    let planned = u128::from(DAY + 30 * MINUTE);
    assert_eq!(remembered(&jobs, "equal").await, Some(("every 1h".to_owned(), None, planned)));
    drop(jobs);
    let jobs = lived(&memory, &["equal"], DAY + MINUTE, DAY + HOUR).await;
    assert_eq!(nominals(&jobs, "equal"), [planned]);
}
