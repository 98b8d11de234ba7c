//! Time zones: how their local clocks go against real time.

mod data;
mod names;

use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use self::data::MISSING;
pub use self::data::ZoneData;
pub(crate) use self::data::check_zone_data;
pub(crate) use self::names::unknown;
use super::SECOND;
use crate::error::{Error, Result};

/// The longest that two local clocks are apart, and with that the farthest a local clock can go back.
const FAR: SignedDuration = SignedDuration::from_hours(72);

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
        if name == "UTC" {
            return Ok(Self::default());
        }
        let data = ZoneData::of_this_process();
        // The machine may know zones that are newer than the bundled ones.
        let found = data.zones.get(name).map(Self).ok().filter(|zone| zone.name() == name);
        found.ok_or_else(|| match unknown(name.as_bytes()) {
            Some(sentence) => Error::configuration(sentence.as_str().to_owned()),
            None if data.is_missing() => Error::configuration(MISSING.to_owned()),
            None => Error::configuration(format!("the {} time zone data does not have `{name}`", data.kind.as_str())),
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
