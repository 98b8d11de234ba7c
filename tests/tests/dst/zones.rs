//! The zones of the bundled data, and the seconds at which their clocks change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::walk::offset;

/// From the first of January 1970 to the first of January 2038, with some days on either side for clocks that are
/// ahead or behind.
pub const FROM: i64 = -3 * DAY;
pub const TO: i64 = 24_837 * DAY + 3 * DAY;
const DAY: i64 = 86_400;

/// All names, in order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = database().available().map(|name| name.to_string()).collect();
    names.sort();
    names
}

pub fn zone(name: &str) -> TimeZone {
    database().get(name).expect("the name is in the list")
}

fn database() -> TimeZoneDatabase {
    TimeZoneDatabase::bundled()
}

/// The seconds at which the offset is another than a second before: those that jiff lists, and those that are found
/// by asking for the offset every `step` seconds.
pub fn changes(zone: &TimeZone, step: i64) -> Vec<i64> {
    let mut changes = found(zone, step);
    let start = Timestamp::from_second(FROM).expect("jiff knows the time");
    let listed = zone.following(start).map(|transition| transition.timestamp().as_second());
    changes.extend(listed.take_while(|second| *second < TO).filter(|second| is_change(zone, *second)));
    changes.sort_unstable();
    changes.dedup();
    changes
}

fn is_change(zone: &TimeZone, second: i64) -> bool {
    offset(zone, second) != offset(zone, second - 1)
}

fn found(zone: &TimeZone, step: i64) -> Vec<i64> {
    let mut changes = Vec::new();
    let mut from = FROM;
    while from < TO {
        let to = (from + step).min(TO);
        while offset(zone, from) != offset(zone, to) {
            from = first_other(zone, from, to);
            changes.push(from);
        }
        from = to;
    }
    changes
}

/// A second of `from..=to` at which the offset is another than a second before, and the same as at `from` there.
fn first_other(zone: &TimeZone, from: i64, to: i64) -> i64 {
    let (mut same, mut other) = (from, to);
    while same + 1 < other {
        let middle = same.midpoint(other);
        if offset(zone, middle) == offset(zone, from) { same = middle } else { other = middle }
    }
    other
}

/// All that a zone does between [`FROM`] and [`TO`]: its first offset, and each change with the offset from then on.
type Conduct = (i64, Vec<(i64, i64)>);

/// The names, those together whose zones do the same.
pub fn groups(step: i64) -> Vec<Group> {
    let mut groups: BTreeMap<Conduct, Vec<String>> = BTreeMap::new();
    for name in names() {
        let zone = zone(&name);
        let changes = changes(&zone, step).into_iter().map(|second| (second, offset(&zone, second))).collect();
        groups.entry((offset(&zone, FROM), changes)).or_default().push(name);
    }
    let seconds = |changes: Vec<(i64, i64)>| changes.into_iter().map(|(second, _)| second).collect();
    groups.into_iter().map(|((_, changes), names)| Group { names, changes: seconds(changes) }).collect()
}

/// Zones that do the same.
pub struct Group {
    pub names: Vec<String>,
    pub changes: Vec<i64>,
}
