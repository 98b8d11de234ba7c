//! What holds for every calendar schedule: properties, tried on made-up expressions, zones and starts.

#[path = "dst/invented.rs"]
mod invented;
#[path = "overlap_model/random.rs"]
mod random;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZoneDatabase;
use job_runtime::{Dst, Recurrence, Schedule};
use random::Random;

const DAY: Duration = Duration::from_secs(86_400);

/// Seeds, of which each makes up one case.
const CASES: u64 = 3_000;

/// A made-up schedule, and a time to ask it from.
struct Sample {
    random: Random,
    line: String,
    zone: String,
    rule: Dst,
    schedule: Schedule,
    start: SystemTime,
    /// All of this, for messages.
    told: String,
}

fn samples() -> impl Iterator<Item = Sample> {
    let zones: Vec<String> = TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    (0..CASES).map(move |seed| {
        let mut random = Random::new(seed);
        let (line, rule, start) = (expression(&mut random), rule(&mut random), time(&mut random));
        let zone = random.one_of(&zones.iter().collect::<Vec<_>>()).clone();
        let schedule = schedule(&line, &zone, rule);
        let told = format!("seed {seed}: `{line}` in {zone} {rule:?} from {}", text(start));
        Sample { random, line, zone, rule, schedule, start, told }
    })
}

/// An expression that comes at some time.
fn expression(random: &mut Random) -> String {
    loop {
        let line = invented::expression(random);
        match Schedule::cron(&line) {
            Ok(_) => return line,
            Err(error) => assert!(error.to_string().contains("never comes"), "`{line}`: {error}"),
        }
    }
}

fn rule(random: &mut Random) -> Dst {
    random.one_of(&[Dst::Vixie, Dst::Literal])
}

/// A time from 1950 to 2050, to the nanosecond.
fn time(random: &mut Random) -> SystemTime {
    let since_1950 =
        Duration::new(random.within(0, 36_525 * 86_400), 0) + Duration::from_nanos(random.within(0, 999_999_999));
    UNIX_EPOCH - 7_305 * DAY + since_1950
}

fn schedule(line: &str, zone: &str, rule: Dst) -> Schedule {
    let schedule = Schedule::cron(line).and_then(|schedule| schedule.tz(zone));
    schedule.unwrap_or_else(|error| panic!("`{line}` in {zone}: {error}")).dst(rule)
}

#[test]
fn upcoming_is_strictly_increasing_and_after_its_start() {
    for Sample { schedule, start, told, .. } in samples() {
        let mut last = start;
        for next in schedule.upcoming(start).take(50) {
            assert!(next > last, "{told}: {} after {}", text(next), text(last));
            last = next;
        }
        assert_ne!(last, start, "{told}: never");
    }
}

#[test]
fn between_is_what_is_upcoming_up_to_its_end_and_spans_that_meet_share_nothing() {
    for Sample { schedule, start, told, .. } in samples() {
        let times: Vec<_> = schedule.upcoming(start).take(40).collect();
        let (meeting, end) = (times[times.len() / 2], times[times.len() - 1]);
        assert_eq!(schedule.between(start, end).collect::<Vec<_>>(), times, "{told}");
        let (first, second) = (schedule.between(start, meeting), schedule.between(meeting, end));
        assert_eq!(first.chain(second).collect::<Vec<_>>(), times, "{told}");
        assert_eq!(schedule.between(start, end - Duration::from_nanos(1)).count(), times.len() - 1, "{told}");
        assert_eq!(schedule.between(end, start).count(), 0, "{told}");
    }
}

#[test]
fn from_whichever_time_between_two_the_later_one_comes() {
    for Sample { mut random, schedule, start, told, .. } in samples() {
        let times: Vec<_> = schedule.upcoming(start).take(5).collect();
        for pair in times.windows(2) {
            let apart = pair[1].duration_since(pair[0]).expect("they increase").as_nanos();
            let last = u64::try_from(apart - 1).expect("it is less than 500 years");
            for away in [0, 1, last, random.within(0, last), random.within(0, last)] {
                let from = pair[0] + Duration::from_nanos(away);
                assert_eq!(schedule.next(from), Some(pair[1]), "{told}: {from:?}");
            }
        }
    }
}

#[test]
fn expressions_with_semicolons_are_the_union_of_each() {
    for Sample { mut random, line, zone, rule, start, told, .. } in samples() {
        let others = (0..random.within(1, 3)).map(|_| expression(&mut random));
        let lines: Vec<String> = others.chain([line]).collect();
        let joined = lines.join(random.one_of(&[";", "; ", " ;\n"]));
        let times = lines.iter().flat_map(|line| schedule(line, &zone, rule).upcoming(start).take(30));
        let each: Vec<_> = times.collect::<BTreeSet<_>>().into_iter().take(30).collect();
        let union: Vec<_> = schedule(&joined, &zone, rule).upcoming(start).take(each.len()).collect();
        assert_eq!(union, each, "{told} with others: `{joined}`");
    }
}

/// The rarest day, a leap day that is a certain day of the week, comes every 28 years, or after 40 where a year such as
/// 2100 is no leap year.
#[test]
fn what_is_accepted_comes_within_40_years() {
    for seed in 0..CASES {
        let mut random = Random::new(seed);
        let line = expression(&mut random);
        let start = UNIX_EPOCH + DAY * u32::try_from(random.within(0, 100_000)).expect("it is small");
        let next = schedule(&line, "UTC", rule(&mut random)).next(start);
        assert!(
            next.is_some_and(|next| next < start + 14_611 * DAY),
            "seed {seed}: `{line}` after {start:?}: {next:?}"
        );
    }
    let leap_monday = schedule("0 0 29 2 +MON", "UTC", Dst::Vixie);
    let years: Vec<_> =
        leap_monday.upcoming(UNIX_EPOCH + 29_219 * DAY).take(3).map(|time| text(time)[..4].to_owned()).collect();
    assert_eq!(years, ["2072", "2112", "2140"]);
}

fn text(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).expect("jiff knows the time").to_string()
}

#[test]
fn a_description_says_something_and_always_the_same() {
    for Sample { line, zone, rule, schedule: sample, told, .. } in samples() {
        let words = sample.describe();
        assert!(words.split(' ').count() > 2 && !words.contains("  "), "{told}: {words}");
        assert!(words.contains(&zone) && words.contains(rule.as_str()), "{told}: {words}");
        let spaced = format!("\t{} \n", line.replace(' ', "   "));
        for same in [line.clone(), line.to_uppercase(), line.to_lowercase(), spaced] {
            assert_eq!(schedule(&same, &zone, rule).describe(), words, "`{same}` as `{line}`");
        }
    }
}

/// Expressions that mean the same are described the same, and those that do not are not.
#[test]
fn a_description_tells_schedules_apart() {
    let describe = |line: &str| schedule(line, "UTC", Dst::Vixie).describe();
    for (one, same) in [
        ("@daily", "0 0 * * *"),
        ("0 30 2 * * SUN", "30 2 * * 7"),
        ("0 0 1,2,3 * *", "0 0 1-3 * *"),
        ("*/30 * * * *", "0,30 * * * *"),
    ] {
        assert_eq!(describe(one), describe(same), "`{one}` and `{same}`");
    }
    for (one, other) in [
        ("0 0 13 * FRI", "0 0 13 * +FRI"),
        ("0 2 * * *", "0 14 * * *"),
        ("0 0 L * *", "0 0 LW * *"),
        ("0 0 * * FRI#4", "0 0 * * FRIL"),
        ("0 0 15 * *", "0 0 15W * *"),
        ("* 2 * * *", "* * 2 * * *"),
        ("5/15 * * * *", "*/15 * * * *"),
    ] {
        assert_ne!(describe(one), describe(other), "`{one}` and `{other}`");
    }
}

/// Pieces of expressions, right and wrong ones.
const PIECES: [&str; 44] = [
    "*",
    "*",
    " ",
    " ",
    " ",
    " ",
    "0",
    "1",
    "5",
    "7",
    "12",
    "15",
    "31",
    "59",
    "60",
    "99",
    "256",
    "99999999999999999999",
    ",",
    "-",
    "/",
    "/0",
    "L",
    "W",
    "LW",
    "L-",
    "#",
    "#2",
    "#6",
    "+",
    "?",
    "@daily",
    "@every 5m",
    "@reboot",
    "@",
    "MON",
    "jan",
    "H",
    ";",
    "TZ=",
    "\t",
    "\0",
    "ü",
    "\u{1F600}",
];

#[test]
fn arbitrary_text_is_read_or_refused_in_a_sentence() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..20 * CASES {
        let mut random = Random::new(seed);
        let text = arbitrary(&mut random);
        match Schedule::cron(&text) {
            Ok(schedule) => {
                accepted += 1;
                assert!(!schedule.describe().is_empty(), "seed {seed}: {text:?}");
                assert!(schedule.next(UNIX_EPOCH).is_some(), "seed {seed}: {text:?} is accepted and never comes");
            }
            Err(error) => {
                refused += 1;
                let sentence = error.to_string();
                assert!(error.is_configuration(), "seed {seed}: {text:?}: {sentence}");
                assert!(sentence.split(' ').count() > 4, "seed {seed}: {text:?}: {sentence}");
            }
        }
    }
    assert!(accepted > 2_000 && refused > 20_000, "{accepted} were accepted and {refused} refused");
}

/// Letters of any kind, pieces of expressions, or an expression with a few slips.
fn arbitrary(random: &mut Random) -> String {
    let length = random.within(0, 24);
    match random.within(0, 2) {
        0 => (0..length).filter_map(|_| char::from_u32(u32::try_from(random.within(0, 0x2_ffff)).ok()?)).collect(),
        1 => (0..length).map(|_| random.one_of(&PIECES)).collect(),
        _ => {
            let mut letters: Vec<char> = invented::expression(random).chars().collect();
            for _ in 0..random.within(1, 3) {
                slip(random, &mut letters);
            }
            letters.into_iter().collect()
        }
    }
}

/// A letter is left out, written twice, or another.
fn slip(random: &mut Random, letters: &mut Vec<char>) {
    let Some(last) = letters.len().checked_sub(1) else { return };
    let place = random.one_of(&(0..=last).collect::<Vec<_>>());
    match random.within(0, 2) {
        0 => drop(letters.remove(place)),
        1 => letters.insert(place, letters[place]),
        _ => letters[place] = random.one_of(&PIECES).chars().next().unwrap_or('x'),
    }
}

#[test]
fn c7_days_that_never_come_are_refused() {
    for line in [
        "0 0 30 2 *",
        "0 0 31 4 *",
        "0 0 31 2,4,6,9,11 *",
        "0 0 30-31 FEB *",
        "0 0 31W 4 *",
        "0 0 31 4 +MON",
        "0 0 1 * +SUN#2",
        "0 0 L-29 2 *",
        "* * * 30 2 *",
        "0 0 * * *; 0 0 30 2 *",
    ] {
        let error = Schedule::cron(line).expect_err(line).to_string();
        assert!(error.contains("this never comes"), "`{line}`: {error}");
    }
    for line in ["0 0 29 2 *", "0 0 30 2 MON", "0 0 31 4,5 *", "0 0 L-28 2 *", "0 0 29 2 +MON#5", "0 0 LW 2 *"] {
        assert!(schedule(line, "UTC", Dst::Vixie).next(UNIX_EPOCH).is_some(), "`{line}`");
    }
}

/// By the rule `literal`, a time that is left out on the only day that is meant comes in no year.
#[test]
fn a_search_that_finds_nothing_ends_with_the_calendar() {
    let line = "30 2 * 3 SUN#2";
    let since_2010 = UNIX_EPOCH + 14_610 * DAY;
    assert_eq!(schedule(line, "America/New_York", Dst::Literal).next(since_2010), None);
    let vixie = schedule(line, "America/New_York", Dst::Vixie).next(since_2010);
    assert_eq!(vixie.map(text).as_deref(), Some("2010-03-14T07:00:00Z"));
}

/// Some hours before the end of 9999, so that the clocks of every zone still show that year.
#[test]
fn times_end_with_the_calendar() {
    let last = SystemTime::from(jiff::Timestamp::MAX);
    for zone in ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12"] {
        for (line, rule) in [("* * * * * *", Dst::Literal), ("*/15 * * * *", Dst::Vixie), ("0 0 * * *", Dst::Vixie)] {
            let schedule = schedule(line, zone, rule);
            let rest: Vec<_> = schedule.upcoming(last - DAY).take(100_000).collect();
            let increasing = rest.windows(2).all(|pair| pair[0] < pair[1]);
            assert!(increasing && rest.len() < 100_000, "`{line}` in {zone}: {:?}", rest.last().copied().map(text));
            assert_eq!(schedule.next(last), None, "`{line}` in {zone}");
            assert_eq!(schedule.next(UNIX_EPOCH + Duration::from_secs(1 << 62)), None, "`{line}` in {zone}");
            let before_all = schedule.next(UNIX_EPOCH - Duration::from_secs(1 << 62));
            assert_eq!(before_all, schedule.next(jiff::Timestamp::MIN.into()), "`{line}` in {zone}");
            assert!(before_all.is_some(), "`{line}` in {zone}");
        }
    }
}
