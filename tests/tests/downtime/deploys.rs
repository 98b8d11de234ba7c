//! D11: a program that is restarted all the time. What is due between two starts, or never within one, keeps its time.
//! And programs that are restarted at random: which nominal times run is as if they were not.

use job_runtime::{StoreConfig, periodic};

use crate::lives::{DAY, HOUR, MINUTE, SECOND, WEEK, lived};
use crate::random::Random;
use crate::stage::{counts, nominals, starts};

#[periodic(every = "1w")]
async fn weekly() {}

#[periodic(every = "1m")]
async fn each_minute() {}

#[periodic(cron = "30 2 * * MON", tz = "Europe/Berlin")]
async fn mondays() {}

/// 2026-01-01 is a Thursday.
const MONDAY: u64 = 4 * DAY + HOUR + 30 * MINUTE;

const NAMES: [&str; 3] = ["weekly", "each_minute", "mondays"];

/// Lives, each from one time to another; what ran in them, and when.
///
/// A hundred thousand lives are long enough where tokio looks at nothing but its clock.
fn lived_through(lives: impl Iterator<Item = (u64, u64)>) -> [Vec<(u128, u128)>; 3] {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let tokio = builder.enable_time().start_paused(true).build().expect("a runtime is made");
    tokio.block_on(ran_in_all(lives))
}

async fn ran_in_all(lives: impl Iterator<Item = (u64, u64)>) -> [Vec<(u128, u128)>; 3] {
    let memory = StoreConfig::memory();
    let mut ran = [const { Vec::new() }; 3];
    for (begin, end) in lives {
        let jobs = lived(&memory, &NAMES, begin, end).await;
        for (name, ran) in NAMES.iter().zip(&mut ran) {
            assert_eq!(counts(&jobs, name).3, 0, "{name} misses nothing");
            ran.extend(nominals(&jobs, name).into_iter().zip(starts(&jobs, name)));
        }
    }
    ran
}

/// Lives of some weeks, one every `apart`, with so much time between them. So that the test does not take long, one takes
/// minutes where nothing is due that is not due each minute.
fn lives(weeks: u64, apart: u64, away: u64) -> impl Iterator<Item = (u64, u64)> {
    let is_long = std::env::var("DURABLE_TESTS").is_ok_and(|length| length == "long");
    let is_near = |begin: u64, due: u64| begin.abs_diff(due) < HOUR / 2;
    let after = move |begin: u64| {
        let week = begin / WEEK;
        let rare = [week * WEEK, week * WEEK + MONDAY, (week + 1) * WEEK];
        let is_short = is_long || rare.into_iter().any(|due| is_near(begin, due));
        begin + if is_short { apart } else { 7 * MINUTE + 20 * SECOND }
    };
    let begins = std::iter::successors(Some(0), move |begin| Some(after(*begin)));
    begins.take_while(move |begin| *begin < weeks * WEEK + apart).map(move |begin| (begin, after(begin) - away))
}

fn only_on_time(ran: &[(u128, u128)], most: u64) -> Vec<u128> {
    let late = ran.iter().find(|(nominal, start)| !(*nominal..=nominal + u128::from(most)).contains(start));
    assert_eq!(late, None);
    ran.iter().map(|(nominal, _)| *nominal).collect()
}

#[test]
fn d11_restarted_all_the_time_for_three_weeks_nothing_is_late_or_doubled() {
    let [weekly, mut minutes, mondays] = lived_through(lives(3, 20 * SECOND, 0));
    minutes.retain(|(nominal, _)| *nominal <= u128::from(3 * WEEK));
    assert_eq!(only_on_time(&weekly, 0), [WEEK, 2 * WEEK, 3 * WEEK].map(u128::from));
    let expected: Vec<u128> = (1..=3 * WEEK / MINUTE).map(|minute| u128::from(minute * MINUTE)).collect();
    assert!(only_on_time(&minutes, 0) == expected, "each minute once");
    assert_eq!(only_on_time(&mondays, 0), [MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK].map(u128::from));
}

#[test]
fn a_program_that_is_there_for_13_seconds_of_each_55_runs_what_came_due_meanwhile() {
    let [weekly, minutes, mondays] = lived_through(lives(1, 55 * SECOND, 42 * SECOND));
    assert_eq!(only_on_time(&weekly, 42 * SECOND), [u128::from(WEEK)]);
    assert_eq!(only_on_time(&mondays, 42 * SECOND), [u128::from(MONDAY)]);
    let expected: Vec<u128> = (1..=WEEK / MINUTE).map(|minute| u128::from(minute * MINUTE)).collect();
    assert!(only_on_time(&minutes, 42 * SECOND)[..expected.len()] == expected, "each minute once");
}

#[periodic(every = "7m", on_missed = "all")]
async fn equal_all() {}

#[periodic(every = "15m", align = true, on_missed = "all")]
async fn aligned_all() {}

#[periodic(cron = "*/20 * * * *; 30 2 * * *", tz = "Europe/Berlin", on_missed = "all")]
async fn calendar_all() {}

const ALL: [&str; 3] = ["equal_all", "aligned_all", "calendar_all"];

/// The nominal times that ran from midnight to the end of the last life, of lives that begin and end at these times.
async fn ran_in(lives: &[(u64, u64)]) -> [Vec<u128>; 3] {
    let (memory, mut ran) = (StoreConfig::memory(), [const { Vec::new() }; 3]);
    for (begin, end) in lives {
        let jobs = lived(&memory, &ALL, *begin, *end).await;
        for (name, ran) in ALL.iter().zip(&mut ran) {
            assert_eq!(counts(&jobs, name).3, 0, "{name} misses nothing");
            ran.extend(nominals(&jobs, name));
        }
    }
    ran
}

/// Up to twenty lives in two days or more, some of them hard upon each other, and one that looks what is left.
fn random_lives(random: &mut Random) -> Vec<(u64, u64)> {
    let (mut lives, mut now) = (Vec::new(), 0);
    for _ in 0..random.within(1, 20) {
        let end = now + random.within(0, 2 * HOUR);
        lives.push((now, end));
        now = end + random.within(0, 2) * random.within(0, 5 * HOUR);
    }
    now = now.max(2 * DAY);
    lives.push((now, now));
    lives
}

#[tokio::test(start_paused = true)]
async fn where_all_run_restarts_change_nothing_about_which_do() {
    for seed in 0..200 {
        let lives = random_lives(&mut Random::new(seed));
        let end = lives.last().map_or(0, |(_, end)| *end);
        let (restarted, whole) = (ran_in(&lives).await, ran_in(&[(0, end)]).await);
        for ((name, restarted), whole) in ALL.iter().zip(restarted).zip(whole) {
            assert!(!whole.is_empty(), "{name}");
            assert_eq!(restarted, whole, "{name}, seed {seed}: {lives:?}");
        }
    }
}
