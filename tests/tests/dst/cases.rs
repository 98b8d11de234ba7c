//! The 28 cases: days on which clocks change, and at which instants jobs run on them, by the rule `vixie`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use job_runtime::{Dst, Schedule};

/// An expression on a day of a zone.
pub struct Case {
    pub kind: Kind,
    pub zone: &'static str,
    pub date: &'static str,
    pub expression: &'static str,
    pub spans: &'static [Span],
}

/// Whether clocks are set forward or back, and whether the job is fixed to times or comes at intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    GapFixed,
    FoldFixed,
    FoldInterval,
    GapInterval,
}

/// Runs at equal real distances, from the first to the last.
pub struct Span {
    first: &'static str,
    last: &'static str,
    minutes: u64,
}

const fn once(time: &'static str) -> Span {
    Span { first: time, last: time, minutes: 1 }
}

const fn each(minutes: u64, first: &'static str, last: &'static str) -> Span {
    Span { first, last, minutes }
}

const fn case(
    kind: Kind,
    zone: &'static str,
    date: &'static str,
    expression: &'static str,
    spans: &'static [Span],
) -> Case {
    Case { kind, zone, date, expression, spans }
}

const NEW_YORK: &str = "America/New_York";
const LORD_HOWE: &str = "Australia/Lord_Howe";
const SANTIAGO: &str = "America/Santiago";
const DUBLIN: &str = "Europe/Dublin";
const CAIRO: &str = "Africa/Cairo";
const TROLL: &str = "Antarctica/Troll";

use Kind::{FoldFixed, FoldInterval, GapFixed, GapInterval};

pub const CASES: [Case; 28] = [
    // From 02:00 to 03:00.
    case(GapFixed, NEW_YORK, "2026-03-08", "30 2 * * *", &[once("2026-03-08T03:00:00-04:00[America/New_York]")]),
    case(GapFixed, NEW_YORK, "2026-03-08", "0,30 2 * * *", &[once("2026-03-08T03:00:00-04:00[America/New_York]")]),
    case(GapFixed, NEW_YORK, "2026-03-08", "0 2 * * *", &[once("2026-03-08T03:00:00-04:00[America/New_York]")]),
    // From 02:00 to 02:30.
    case(GapFixed, LORD_HOWE, "2026-10-04", "15 2 * * *", &[once("2026-10-04T02:30:00+11:00[Australia/Lord_Howe]")]),
    case(GapFixed, LORD_HOWE, "2026-10-04", "0,15 2 * * *", &[once("2026-10-04T02:30:00+11:00[Australia/Lord_Howe]")]),
    // From midnight to 01:00.
    case(GapFixed, SANTIAGO, "2026-09-06", "0 0 * * *", &[once("2026-09-06T01:00:00-03:00[America/Santiago]")]),
    case(GapFixed, SANTIAGO, "2026-09-06", "30 0 * * *", &[once("2026-09-06T01:00:00-03:00[America/Santiago]")]),
    // From 01:00 to 02:00, out of what the zone calls its winter time, which is ahead by a negative hour.
    case(GapFixed, DUBLIN, "2026-03-29", "30 1 * * *", &[once("2026-03-29T02:00:00+01:00[Europe/Dublin]")]),
    // From midnight to 01:00.
    case(GapFixed, CAIRO, "2026-04-24", "0 0 * * *", &[once("2026-04-24T01:00:00+03:00[Africa/Cairo]")]),
    // From 01:00 to 03:00.
    case(GapFixed, TROLL, "2026-03-29", "30 2 * * *", &[once("2026-03-29T03:00:00+02:00[Antarctica/Troll]")]),
    // From 02:00 back to 01:00.
    case(FoldFixed, NEW_YORK, "2026-11-01", "30 1 * * *", &[once("2026-11-01T01:30:00-04:00[America/New_York]")]),
    // From 02:00 back to 01:30.
    case(
        FoldFixed,
        LORD_HOWE,
        "2026-04-05",
        "30,45 1 * * *",
        &[each(15, "2026-04-05T01:30:00+11:00[Australia/Lord_Howe]", "2026-04-05T01:45:00+11:00[Australia/Lord_Howe]")],
    ),
    // From midnight back to 23:00 of the day before.
    case(FoldFixed, SANTIAGO, "2026-04-04", "30 23 * * *", &[once("2026-04-04T23:30:00-03:00[America/Santiago]")]),
    // From 02:00 back to 01:00.
    case(
        FoldFixed,
        DUBLIN,
        "2026-10-25",
        "0 1,13 * * *",
        &[once("2026-10-25T01:00:00+01:00[Europe/Dublin]"), once("2026-10-25T13:00:00+00:00[Europe/Dublin]")],
    ),
    // From midnight back to 23:00 of the day before.
    case(FoldFixed, CAIRO, "2026-10-29", "30 23 * * *", &[once("2026-10-29T23:30:00+03:00[Africa/Cairo]")]),
    // From 03:00 back to 01:00.
    case(FoldFixed, TROLL, "2026-10-25", "30 2 * * *", &[once("2026-10-25T02:30:00+02:00[Antarctica/Troll]")]),
    case(
        FoldInterval,
        NEW_YORK,
        "2026-11-01",
        "*/15 * * * *",
        &[each(15, "2026-11-01T00:00:00-04:00[America/New_York]", "2026-11-01T23:45:00-05:00[America/New_York]")],
    ),
    case(
        FoldInterval,
        NEW_YORK,
        "2026-11-01",
        "0 * * * *",
        &[each(60, "2026-11-01T00:00:00-04:00[America/New_York]", "2026-11-01T23:00:00-05:00[America/New_York]")],
    ),
    case(
        FoldInterval,
        NEW_YORK,
        "2026-11-01",
        "* 1 * * *",
        &[each(1, "2026-11-01T01:00:00-04:00[America/New_York]", "2026-11-01T01:59:00-05:00[America/New_York]")],
    ),
    case(
        FoldInterval,
        LORD_HOWE,
        "2026-04-05",
        "*/15 * * * *",
        &[each(15, "2026-04-05T00:00:00+11:00[Australia/Lord_Howe]", "2026-04-05T23:45:00+10:30[Australia/Lord_Howe]")],
    ),
    case(
        FoldInterval,
        SANTIAGO,
        "2026-04-04",
        "*/30 23 * * *",
        &[each(30, "2026-04-04T23:00:00-03:00[America/Santiago]", "2026-04-04T23:30:00-04:00[America/Santiago]")],
    ),
    case(
        FoldInterval,
        CAIRO,
        "2026-10-29",
        "0 * * * *",
        &[each(60, "2026-10-29T00:00:00+03:00[Africa/Cairo]", "2026-10-29T23:00:00+02:00[Africa/Cairo]")],
    ),
    case(
        FoldInterval,
        TROLL,
        "2026-10-25",
        "0 * * * *",
        &[each(60, "2026-10-25T00:00:00+02:00[Antarctica/Troll]", "2026-10-25T23:00:00+00:00[Antarctica/Troll]")],
    ),
    case(
        GapInterval,
        NEW_YORK,
        "2026-03-08",
        "*/15 * * * *",
        &[each(15, "2026-03-08T00:00:00-05:00[America/New_York]", "2026-03-08T23:45:00-04:00[America/New_York]")],
    ),
    case(
        GapInterval,
        NEW_YORK,
        "2026-03-08",
        "0 * * * *",
        &[each(60, "2026-03-08T00:00:00-05:00[America/New_York]", "2026-03-08T23:00:00-04:00[America/New_York]")],
    ),
    // At 02:00 there is none: the clocks show 02:30 then.
    case(
        GapInterval,
        LORD_HOWE,
        "2026-10-04",
        "0 * * * *",
        &[
            each(
                60,
                "2026-10-04T00:00:00+10:30[Australia/Lord_Howe]",
                "2026-10-04T01:00:00+10:30[Australia/Lord_Howe]",
            ),
            each(
                60,
                "2026-10-04T03:00:00+11:00[Australia/Lord_Howe]",
                "2026-10-04T23:00:00+11:00[Australia/Lord_Howe]",
            ),
        ],
    ),
    case(
        GapInterval,
        DUBLIN,
        "2026-03-29",
        "*/30 * * * *",
        &[each(30, "2026-03-29T00:00:00+00:00[Europe/Dublin]", "2026-03-29T23:30:00+01:00[Europe/Dublin]")],
    ),
    case(
        GapInterval,
        TROLL,
        "2026-03-29",
        "*/20 * * * *",
        &[each(20, "2026-03-29T00:00:00+00:00[Antarctica/Troll]", "2026-03-29T23:40:00+02:00[Antarctica/Troll]")],
    ),
];

impl Case {
    /// The runs as they should be, in RFC 9557.
    pub fn expected(&self) -> Vec<String> {
        let seconds = self.spans.iter().flat_map(Span::seconds);
        seconds.map(|second| shown(second, self.zone)).collect()
    }

    /// The runs as they are by a rule, in RFC 9557.
    pub fn runs(&self, rule: Dst) -> Vec<String> {
        let schedule = Schedule::cron(self.expression).and_then(|schedule| schedule.tz(self.zone));
        let schedule = schedule.expect("the case is written well").dst(rule);
        let (from, to) = self.day();
        let before = |second| UNIX_EPOCH + Duration::from_secs(second) - Duration::from_nanos(1);
        let runs = schedule.between(before(from.unsigned_abs()), before(to.unsigned_abs()));
        runs.map(|run| shown_exactly(run, self.zone)).collect()
    }

    /// The first second of the day, and that of the next one.
    pub fn day(&self) -> (i64, i64) {
        let date: Date = self.date.parse().expect("the date is written well");
        let zone = zone(self.zone);
        let begin = |date: Date| date.to_zoned(zone.clone()).expect("jiff knows the time").timestamp().as_second();
        (begin(date), begin(date.tomorrow().expect("there is one")))
    }
}

impl Span {
    fn seconds(&self) -> impl Iterator<Item = i64> + use<> {
        let step = usize::try_from(self.minutes * 60).expect("it is small");
        (second(self.first)..=second(self.last)).step_by(step)
    }
}

/// The second that a text names; its offset must be the one of the zone then.
fn second(text: &str) -> i64 {
    let time = DateTimeParser::new().parse_zoned_with(&TimeZoneDatabase::bundled(), text);
    let time = time.expect("the time is written well");
    assert_eq!(time.to_string(), text);
    time.timestamp().as_second()
}

/// A second as the clocks of a zone show it.
pub fn shown(second: i64, name: &str) -> String {
    Timestamp::from_second(second).expect("jiff knows the time").to_zoned(zone(name)).to_string()
}

fn shown_exactly(time: SystemTime, name: &str) -> String {
    Timestamp::try_from(time).expect("jiff knows the time").to_zoned(zone(name)).to_string()
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("the zone is known")
}
