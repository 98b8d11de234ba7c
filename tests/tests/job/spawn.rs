//! When a job starts that was spawned now, for later, or for a time, and how the clocks change that.

use std::time::{Duration, SystemTime};

use job_runtime::{Context, EventKind, JobState, Trigger, job};

use crate::stage::{at, auto, chronicle, counts, manual, midnight, ms, next, nominals, starts, story};

#[job]
async fn doubles(number: u32) -> Result<u32, String> {
    number.checked_mul(2).ok_or_else(|| "too much".to_owned())
}

#[job]
async fn tells_its_number(_number: u32, cx: &Context) -> Result<(SystemTime, SystemTime), String> {
    Ok((cx.scheduled_at(), cx.now()))
}

#[tokio::test(start_paused = true)]
async fn spawn_starts_at_once_and_gives_the_output() {
    let jobs = auto(&["doubles"]).await;
    let handle = doubles::spawn(21);
    assert_eq!((jobs.running(), handle.status()), (vec![handle.id()], JobState::Running));
    assert_eq!(handle.await.expect("it ends well"), 42);
    let run = jobs.runs("doubles").pop().expect("it ran");
    assert_eq!((run.trigger, run.attempt), (Trigger::Spawn, 1));
    assert_eq!((run.scheduled_at, run.started_at, run.finished_at), (midnight(), midnight(), Some(midnight())));
    assert_eq!(counts(&jobs, "doubles"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn spawn_works_in_manual_mode_like_in_auto_mode() {
    let jobs = manual(&["doubles"]).await;
    assert_eq!(doubles::spawn(2).await.expect("it ends well"), 4);
    let later = doubles::spawn_after("1s", 3);
    assert_eq!(later.await.expect("it ends well"), 6);
    assert_eq!(starts(&jobs, "doubles"), [0, 1000]);
    assert_eq!(counts(&jobs, "doubles"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_function_beside_the_type_stays_a_function() {
    assert_eq!(doubles(4).await, Ok(8));
}

#[tokio::test(start_paused = true)]
async fn spawn_after_waits_for_exactly_that_long() {
    let jobs = auto(&["doubles"]).await;
    let handle = doubles::spawn_after("5m", 1);
    assert_eq!(handle.status(), JobState::Scheduled);
    assert_eq!((next(&jobs, "doubles", 9), counts(&jobs, "doubles")), (vec![300_000], (1, 0, 0, 0, 1)));
    jobs.advance("299999ms").await;
    assert_eq!((jobs.runs("doubles").len(), handle.status()), (0, JobState::Scheduled));
    jobs.advance("1ms").await;
    assert_eq!(handle.status(), JobState::Completed);
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (vec![300_000], vec![300_000]));
    assert_eq!((next(&jobs, "doubles", 9), counts(&jobs, "doubles")), (vec![], (1, 1, 0, 0, 0)));
    assert_eq!(handle.await.expect("it ends well"), 2);
}

#[tokio::test(start_paused = true)]
async fn spawn_after_no_time_is_spawn() {
    let jobs = auto(&["doubles"]).await;
    let handles = [doubles::spawn_after("0s", 1), doubles::spawn_after(Duration::ZERO, 1)];
    assert_eq!(handles.each_ref().map(job_runtime::JobHandle::status), [JobState::Running; 2]);
    for handle in handles {
        assert_eq!(handle.await.expect("it ends well"), 2);
    }
    assert_eq!(starts(&jobs, "doubles"), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn spawn_after_takes_a_duration_and_one_too_long_never_comes() {
    let jobs = auto(&["doubles"]).await;
    doubles::spawn_after(Duration::from_millis(1500), 1);
    let never = doubles::spawn_after(Duration::MAX, 1);
    jobs.advance("100h").await;
    assert_eq!(starts(&jobs, "doubles"), [1500]);
    assert_eq!(never.status(), JobState::Scheduled);
    never.cancel();
    assert!(never.await.expect_err("it was cancelled").is_cancelled());
}

#[job]
async fn spawns_after_a_text_that_is_no_duration() {
    doubles::spawn_after("soon", 1);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_duration_panics_at_the_place_of_the_caller() {
    let jobs = auto(&["doubles", "spawns_after_a_text_that_is_no_duration"]).await;
    let error = spawns_after_a_text_that_is_no_duration::spawn().await.expect_err("it panics").to_string();
    let line = include_str!("spawn.rs").lines().position(|line| line.contains("spawn_after(\"soon\", 1)"));
    let place = format!("{}:{}", file!(), line.expect("it is there") + 1);
    assert!(error.contains("`soon`") && error.contains(&place), "{error}");
    assert_eq!(counts(&jobs, "doubles"), (0, 0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_first_starts_first_however_it_was_spawned() {
    let jobs = auto(&["tells_its_number"]).await;
    for length in [3000, 1000, 4000, 2000] {
        tells_its_number::spawn_after(Duration::from_millis(length), 0);
        tells_its_number::spawn_at(at(length + 500), 0);
    }
    assert_eq!(next(&jobs, "tells_its_number", 3), [1000, 1500, 2000]);
    assert_eq!(jobs.runtime().job("tells_its_number").expect("it is there").next.len(), 5);
    jobs.advance("1m").await;
    let due = [1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500];
    assert_eq!((starts(&jobs, "tells_its_number"), nominals(&jobs, "tells_its_number")), (due.into(), due.into()));
}

#[tokio::test(start_paused = true)]
async fn a_job_knows_when_it_was_due() {
    let _jobs = auto(&["tells_its_number"]).await;
    assert_eq!(tells_its_number::spawn_after("7s", 1).await.expect("it ends well"), (at(7000), at(7000)));
    assert_eq!(tells_its_number::spawn_at(at(9000), 1).await.expect("it ends well"), (at(9000), at(9000)));
    assert_eq!(tells_its_number::spawn(1).await.expect("it ends well"), (at(9000), at(9000)));
}

// ---- by the wall clock

#[tokio::test(start_paused = true)]
async fn spawn_at_waits_for_that_time() {
    let jobs = auto(&["doubles"]).await;
    let handle = doubles::spawn_at(at(3_600_000), 1);
    assert_eq!((handle.status(), next(&jobs, "doubles", 9)), (JobState::Scheduled, vec![3_600_000]));
    jobs.advance("3599999ms").await;
    assert_eq!(jobs.runs("doubles").len(), 0);
    jobs.advance("1ms").await;
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (vec![3_600_000], vec![3_600_000]));
    assert_eq!(counts(&jobs, "doubles"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_a_time_that_is_past_is_spawn() {
    let jobs = auto(&["tells_its_number"]).await;
    jobs.advance("1h").await;
    for time in [at(0), at(3_600_000), SystemTime::UNIX_EPOCH] {
        let handle = tells_its_number::spawn_at(time, 0);
        assert_eq!(handle.status(), JobState::Running);
        assert_eq!(handle.await.expect("it ends well"), (at(3_600_000), at(3_600_000)));
    }
    for event in jobs.events() {
        if let EventKind::Started { scheduled_at, lateness, .. } = event.kind {
            assert_eq!((scheduled_at, lateness), (at(3_600_000), Duration::ZERO));
        }
    }
    assert_eq!(counts(&jobs, "tells_its_number"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_the_end_of_time_waits() {
    let jobs = auto(&["doubles"]).await;
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    let handle = doubles::spawn_at(far, 1);
    jobs.advance("24h").await;
    assert_eq!((handle.status(), jobs.next("doubles", 1)), (JobState::Scheduled, vec![far]));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_comes_earlier_when_the_clock_is_put_forward() {
    let jobs = auto(&["doubles"]).await;
    doubles::spawn_at(at(3_600_000), 1);
    jobs.advance("10m").await;
    jobs.set_wall(at(2_400_000)).await;
    jobs.advance("1199999ms").await;
    assert_eq!(jobs.runs("doubles").len(), 0);
    jobs.advance("1ms").await;
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (vec![3_600_000], vec![3_600_000]));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_starts_soon_when_the_clock_is_put_past_its_time() {
    let jobs = auto(&["doubles"]).await;
    let handle = doubles::spawn_at(at(3_600_000), 1);
    jobs.advance("10m").await;
    jobs.set_wall(at(7_200_000)).await;
    jobs.advance("30s").await;
    assert_eq!(handle.status(), JobState::Completed);
    let started = starts(&jobs, "doubles")[0];
    assert!((7_200_000..=7_230_000).contains(&started), "{started}");
    assert_eq!((nominals(&jobs, "doubles"), counts(&jobs, "doubles")), (vec![3_600_000], (1, 1, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_comes_later_when_the_clock_is_put_back() {
    let jobs = auto(&["doubles"]).await;
    doubles::spawn_at(at(3_600_000), 1);
    jobs.advance("50m").await;
    jobs.set_wall(midnight()).await;
    jobs.advance("3599999ms").await;
    assert_eq!(jobs.runs("doubles").len(), 0);
    jobs.advance("1ms").await;
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (vec![3_600_000], vec![3_600_000]));
}

#[tokio::test(start_paused = true)]
async fn spawn_at_starts_soon_after_a_sleep_over_its_time() {
    let jobs = auto(&["doubles"]).await;
    doubles::spawn_at(at(3_600_000), 1);
    jobs.advance("10m").await;
    jobs.suspend("2h").await;
    jobs.advance("30s").await;
    let started = starts(&jobs, "doubles")[0];
    assert!((7_800_000..=7_830_000).contains(&started), "{started}");
    assert_eq!(counts(&jobs, "doubles"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_clock_put_forth_and_back_moves_what_was_spawned_for_a_time_with_it() {
    let jobs = auto(&["doubles"]).await;
    for length in [1, 2, 3] {
        doubles::spawn_at(at(length * 3_600_000), 1);
    }
    jobs.set_wall(at(3_000_000)).await;
    jobs.advance("1m").await;
    jobs.set_wall(midnight()).await;
    jobs.advance("1m").await;
    assert_eq!((jobs.runs("doubles").len(), counts(&jobs, "doubles")), (0, (3, 0, 0, 0, 3)));
    jobs.advance("4h").await;
    assert_eq!(starts(&jobs, "doubles"), [3_600_000, 7_200_000, 10_800_000]);
    assert_eq!(chronicle(&jobs).len(), 2, "two steps");
}

#[tokio::test(start_paused = true)]
async fn spawn_after_is_monotonic_whatever_the_wall_clock_does() {
    let jobs = auto(&["doubles"]).await;
    let handle = doubles::spawn_after("1h", 1);
    jobs.suspend("2h").await;
    jobs.advance("30m").await;
    jobs.set_wall(at(86_400_000)).await;
    jobs.advance("1799999ms").await;
    assert_eq!(handle.status(), JobState::Scheduled);
    jobs.advance("1ms").await;
    assert_eq!(handle.status(), JobState::Completed);
    assert_eq!(counts(&jobs, "doubles"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stall_over_their_times_lets_all_of_them_start_late() {
    let jobs = auto(&["doubles"]).await;
    doubles::spawn_after("1m", 1);
    doubles::spawn_at(at(120_000), 1);
    doubles::spawn_after("20m", 1);
    jobs.stall("10m").await;
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (vec![600_000; 2], vec![60_000, 120_000]));
    let lateness = jobs.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Started { lateness, .. } => Some(lateness.as_secs()),
        _ => None,
    });
    assert_eq!(lateness.collect::<Vec<_>>(), [540, 480]);
    assert_eq!(counts(&jobs, "doubles"), (3, 2, 0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn hundreds_spawned_for_later_start_each_at_its_time() {
    let jobs = auto(&["doubles"]).await;
    let mut due = Vec::new();
    for number in 0..300_u64 {
        // Scattered over a minute, some of them at one time.
        let length = number * 7_919 % 60_000 / 10 * 10 + 1;
        due.push(u128::from(length));
        if number % 2 == 0 {
            doubles::spawn_after(Duration::from_millis(length), 1);
        } else {
            doubles::spawn_at(at(length), 1);
        }
    }
    due.sort_unstable();
    jobs.advance("1m1s").await;
    assert_eq!((starts(&jobs, "doubles"), nominals(&jobs, "doubles")), (due.clone(), due));
    assert_eq!(counts(&jobs, "doubles"), (300, 300, 0, 0, 0));
    assert_eq!(story(&jobs, "doubles").len(), 600);
    assert_eq!(ms(jobs.now()), 61_000);
}
