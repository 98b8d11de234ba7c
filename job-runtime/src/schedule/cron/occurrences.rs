//! The instants at which an expression recurs in a zone, under either rule for clocks that change.

use jiff::Timestamp;

use super::grammar::Expression;
use super::zone::{Zone, behind};
use super::{Dst, SECOND};

impl Expression {
    /// The first instant after `after`, a whole second.
    pub(super) fn next(&self, zone: &Zone, rule: Dst, after: Timestamp) -> Option<Timestamp> {
        match rule {
            Dst::Vixie if self.fixed => self.next_time_of_day(zone, after),
            Dst::Vixie | Dst::Literal => self.next_instant(zone, after),
        }
    }

    /// The instant at which the local clock first reaches, or passes over, a time that it has not shown before: so a
    /// time that is left out comes at the change, and one that is shown twice comes once.
    fn next_time_of_day(&self, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
        let next = zone.latest(after).checked_add(SECOND).ok()?;
        zone.reach(self.at_or_after(next)?)
    }

    /// The next instant at which the local clock shows a time that is meant.
    fn next_instant(&self, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
        let mut from = after.checked_add(SECOND).ok()?;
        loop {
            let meant = self.at_or_after(zone.local(from))?;
            let instant = zone.offset(from).to_timestamp(meant).ok()?;
            // Nothing can have changed on the way to where it is.
            let change = if instant == from { None } else { zone.change(from) };
            match change {
                Some(change) if change <= instant => from = behind(from, change, instant),
                _ => return Some(instant),
            }
        }
    }
}
