//! Calendar times where clocks change: the engine against an oracle that is written apart from it and walks through
//! time second by second, and against 28 cases worked out by hand.
//!
//! Some changes of every zone, and all of those that are known to be hard, are compared in each run of the tests.
//! Every change of every zone is, and six zones all the way from 1970 to 2037, by
//! `cargo test --release -p job-tests --test dst -- --ignored --nocapture`.

mod cases;
mod compare;
mod days;
mod expressions;
mod invented;
#[path = "../overlap_model/random.rs"]
mod random;
mod reading;
mod walk;
mod zones;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use job_runtime::{Dst, Schedule};

use cases::{CASES, Case, Kind};
use compare::{Subject, Tally};
use expressions::EXPRESSIONS;
use random::Random;
use walk::{Chart, Walk};
use zones::Group;

const HOUR: i64 = 3_600;
/// On either side of a change; more than the longest time that clocks were ever set back or forward by, which is a day.
const SHORT_MARGIN: i64 = 26 * HOUR;
const LONG_MARGIN: i64 = 50 * HOUR;

/// The zones of the 28 cases.
const SIX: [&str; 6] = [
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Europe/Dublin",
    "Africa/Cairo",
    "Antarctica/Troll",
];

/// Zones with something odd: days left out, half hours, quarters and seconds, changes at midnight, clocks set back in
/// summer or for a month, and a last change of its own just before the rule that holds for ever (the last three).
const ODD: [&str; 19] = [
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Africa/Juba",
    "Atlantic/Azores",
    "Antarctica/Casey",
    "America/Caracas",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Pyongyang",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Europe/Berlin",
    "Pacific/Chatham",
    "America/Metlakatla",
    "America/Ciudad_Juarez",
    "America/Indiana/Winamac",
];

/// A zone by its name, and the changes of it that are compared.
type Task = (String, Vec<i64>);

#[test]
fn schedules_agree_with_the_oracle_in_every_zone() {
    let groups = zones::groups(6 * HOUR);
    let tasks: Vec<Task> = groups.iter().enumerate().flat_map(|(index, group)| short(index, group)).collect();
    let tally = on_all_cores(&tasks, |subject, changes| subject.around(changes, SHORT_MARGIN));
    assert!(groups.len() > 250, "{} zones differ", groups.len());
    assert!(tally.changes > 2_400, "{} changes were compared", tally.changes);
    told(&tally);
}

/// Of a group, those zones that are named above with all their changes, or else one zone with four of them.
fn short(index: usize, group: &Group) -> Vec<Task> {
    let named = |name: &&String| SIX.iter().chain(&ODD).any(|known| known == name);
    let mut tasks: Vec<Task> =
        group.names.iter().filter(named).map(|name| (name.clone(), group.changes.clone())).collect();
    if tasks.is_empty() {
        let count = group.changes.len();
        let chosen: BTreeSet<usize> = (0..4).map(|part| (index * 7 + count * part / 4) % count.max(1)).collect();
        let changes = chosen.into_iter().filter_map(|index| group.changes.get(index).copied()).collect();
        tasks.push((group.names[index % group.names.len()].clone(), changes));
    }
    tasks
}

#[test]
#[ignore = "minutes long: every change of every zone"]
fn schedules_agree_with_the_oracle_at_every_change() {
    let groups = zones::groups(HOUR / 4);
    let of_group =
        |group: &Group| -> Vec<Task> { group.names.iter().map(|name| (name.clone(), group.changes.clone())).collect() };
    let tasks: Vec<Task> = groups.iter().flat_map(of_group).collect();
    let zones = tasks.len();
    let tally = on_all_cores(&tasks, |subject, changes| subject.around(changes, LONG_MARGIN));
    let lines = EXPRESSIONS.len();
    println!("{zones} zones, of which {} differ; {lines} expressions by 2 rules; {}", groups.len(), account(&tally));
    told(&tally);
}

#[test]
#[ignore = "minutes long: every second of 68 years"]
fn schedules_agree_with_the_oracle_at_every_second_of_six_zones() {
    let tasks = SIX.map(|name| (name.to_owned(), zones::changes(&zones::zone(name), 6 * HOUR)));
    let tally = on_all_cores(&tasks, |subject, changes| subject.throughout(zones::FROM, zones::TO, changes));
    let (zones, lines) = (SIX.len(), EXPRESSIONS.len());
    println!("{zones} zones all the way; {lines} expressions by 2 rules; {}", account(&tally));
    told(&tally);
}

/// Compares tasks with a thread for each core.
fn on_all_cores(tasks: &[Task], compare: impl Fn(&Subject<'_>, &[i64]) -> Tally + Sync) -> Tally {
    let chart = Chart::new(&EXPRESSIONS);
    let (next, all) = (AtomicUsize::new(0), std::sync::Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, Into::into) {
            scope.spawn(|| {
                while let Some((name, changes)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tally = compare(&Subject::new(name, &EXPRESSIONS, &chart), changes);
                    all.lock().expect("no thread panicked").add(tally);
                }
            });
        }
    });
    all.into_inner().expect("no thread panicked")
}

fn account(tally: &Tally) -> String {
    let Tally { changes, seconds, occurrences, starts, mismatches, told: _ } = tally;
    format!(
        "{changes} changes of clocks, {seconds} seconds, {occurrences} occurrences, {starts} starts: \
         {mismatches} mismatches"
    )
}

fn told(tally: &Tally) {
    assert!(tally.occurrences > 0, "nothing was compared");
    assert!(tally.mismatches == 0, "{}; the first:\n{}", account(tally), tally.told.join("\n"));
}

#[test]
fn invented_expressions_agree_with_the_oracle() {
    let (names, mut random) = (zones::names(), Random::new(20_260_329));
    let mut tally = Tally::default();
    while tally.changes < 100 {
        let name = random.one_of(&names.iter().collect::<Vec<_>>());
        let changes = zones::changes(&zones::zone(name), 24 * HOUR);
        if changes.is_empty() {
            continue;
        }
        let change = random.one_of(&changes);
        let lines: Vec<String> =
            (0..30).map(|_| invented::expression(&mut random)).filter(|line| comes(line)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        // The one before and the one after may be near.
        let near: Vec<i64> = changes.into_iter().filter(|other| other.abs_diff(change) <= 52 * 3_600).collect();
        tally.add(Subject::new(name, &lines, &Chart::new(&lines)).around(&near, SHORT_MARGIN));
    }
    told(&tally);
}

/// Whether an expression, which is written well, is accepted; it is unless it names days that never come.
fn comes(line: &str) -> bool {
    let error = Schedule::cron(line).err().map(|error| error.to_string());
    error.inspect(|error| assert!(error.contains("never comes"), "`{line}`: {error}")).is_none()
}

/// From 1970 to 2037, in a zone whose days are all alike.
#[test]
fn invented_days_are_those_of_the_calendar() {
    let mut random = Random::new(1_970);
    let (mut never, noon) = (0, |day: i64| compare::time(day * 24 * HOUR + 12 * HOUR, 0));
    for _ in 0..5_000 {
        let line = format!("0 12 {}", invented::days(&mut random));
        let part = reading::read(&line).remove(0);
        let days = (days::FIRST..).zip(days::days()).filter(|(number, _)| (0..24_837).contains(number));
        let meant: Vec<i64> = days.filter(|(_, day)| part.means(*day)).map(|(number, _)| number).collect();
        assert_eq!(comes(&line), !meant.is_empty(), "`{line}`: each kind of year comes in these");
        if meant.is_empty() {
            never += 1;
            continue;
        }
        let schedule = compare::schedule(&line, "UTC", Dst::Vixie);
        let came: Vec<_> = schedule.between(noon(-1), noon(24_836)).collect();
        let meant: Vec<_> = meant.into_iter().map(noon).collect();
        let first = came.iter().zip(&meant).find(|(came, meant)| came != meant);
        assert!(came == meant, "`{line}`: {} came of {}, the first: {first:?}", came.len(), meant.len());
    }
    assert!(never > 10, "{never} of them name days that never come");
}

#[test]
fn zones_that_do_the_same_are_grouped_and_others_are_not() {
    let groups = zones::groups(12 * HOUR);
    let group_of = |name: &str| groups.iter().position(|group| group.names.iter().any(|other| other == name));
    assert_eq!(group_of("Europe/Dublin"), group_of("Eire"));
    assert_ne!(group_of("Europe/Dublin"), group_of("Europe/Lisbon"));
    assert_eq!(groups.iter().map(|group| group.names.len()).sum::<usize>(), zones::names().len());
}

#[test]
fn all_28_cases_come_out_right() {
    let wrong: Vec<String> = CASES.iter().filter_map(|case| difference(case, &case.runs(Dst::Vixie))).collect();
    let of = |kind| CASES.iter().filter(|case| case.kind == kind).count();
    assert_eq!([Kind::GapFixed, Kind::FoldFixed, Kind::FoldInterval, Kind::GapInterval].map(of), [10, 6, 7, 5]);
    assert!(wrong.is_empty(), "{} of 28 are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_oracle_too_gets_all_28_cases_right() {
    for case in &CASES {
        let (zone, chart) = (zones::zone(case.zone), Chart::new(&[case.expression]));
        let (from, to) = case.day();
        let mut walk = Walk::after(from - 1, &zone, &chart);
        let due = walk.to(to - 1).vixie.remove(0);
        let wrong =
            difference(case, &due.into_iter().map(|second| cases::shown(second, case.zone)).collect::<Vec<_>>());
        assert_eq!(wrong, None);
    }
}

/// Samoa went from the end of the 29th of December 2011 to the 31st.
#[test]
fn a_day_left_out_is_a_gap_like_any_other() {
    let zone = "Pacific/Apia";
    let at = |second| cases::shown(second, zone).replace(":00[Pacific/Apia]", "");
    let (from, to) = (1_325_066_399, 1_325_325_600);
    assert_eq!([at(from + 1), at(to)], ["2011-12-28T00:00:00-10", "2012-01-01T00:00:00+14"]);
    for (line, days) in [
        ("30 2 * * *", &["28T02:30:00-10", "29T02:30:00-10", "31T00:00:00+14", "31T02:30:00+14"][..]),
        ("0 0 * * *", &["28T00:00:00-10", "29T00:00:00-10", "31T00:00:00+14"]),
        ("30 2 30 * *", &["31T00:00:00+14"]),
        ("* 2 30 * *", &[]),
        (
            "0 */12 * * *",
            &[
                "28T00:00:00-10",
                "28T12:00:00-10",
                "29T00:00:00-10",
                "29T12:00:00-10",
                "31T00:00:00+14",
                "31T12:00:00+14",
            ],
        ),
    ] {
        let schedule = compare::schedule(line, zone, Dst::Vixie);
        let runs = schedule.between(compare::time(from, 0), compare::time(to - 1, 0));
        let seconds = runs.map(|run| run.duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_secs());
        let came: Vec<String> = seconds.map(|second| at(second.cast_signed())).collect();
        let due: Vec<String> = days.iter().map(|day| format!("2011-12-{day}")).collect();
        assert_eq!(came, due, "`{line}`");
    }
}

/// What is wrong with the runs of a case, if anything is.
fn difference(case: &Case, runs: &[String]) -> Option<String> {
    let expected = case.expected();
    (runs != expected)
        .then(|| format!("`{}` on {} in {}: {runs:?}, not {expected:?}", case.expression, case.date, case.zone))
}
