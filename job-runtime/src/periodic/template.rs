//! Instances of a job with arguments: one for each value, found by the value.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use super::unit::Unit;
use crate::engine::slots::Slots;
use crate::job::{Args, Key, Unknown};
use crate::schedule::Timetable;

/// Where the units of a job are.
pub(crate) enum Index {
    Single(u32),
    Template(Box<Template>),
}

/// The instances of a template, by the hash of their arguments.
///
/// The arguments themselves are kept by the units alone, and of the hash only half is kept: a table of a million
/// instances grows without touching any of them, and an instance costs it 8 bytes.
#[derive(Default)]
pub(crate) struct Template {
    /// The schedule given at run time, for instances to come as well.
    pub(crate) timetable: Option<Timetable>,
    slots: HashMap<u32, u32, BuildHasherDefault<Hashed>>,
    /// Instances whose half hash is that of another one: a hundred or so of a million. They are here only as
    /// long as the other one is in `slots`.
    colliding: Vec<(u32, u32)>,
}

impl Template {
    pub(crate) fn slots(&self) -> Vec<u32> {
        self.slots.values().copied().chain(self.colliding.iter().map(|(_, slot)| *slot)).collect()
    }

    /// Notes that an instance is about to get `slot`; false when there is one for these arguments already.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn claim(&mut self, units: &Slots<Unit>, key: &Key, slot: u32) -> Result<bool, Unknown> {
        if let Entry::Vacant(place) = self.slots.entry(key.hash) {
            place.insert(slot);
            return Ok(true);
        }
        let is_new = self.find(units, key)?.is_none();
        if is_new {
            self.colliding.push((key.hash, slot));
        }
        Ok(is_new)
    }

    /// The slot of the instance with these arguments.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn find(&self, units: &Slots<Unit>, key: &Key) -> Result<Option<u32>, Unknown> {
        let mut unknown = Unknown::new();
        let Some(first) = self.slots.get(&key.hash) else { return Ok(None) };
        let others = self.colliding.iter().filter(|(hash, _)| *hash == key.hash).map(|(_, slot)| slot);
        for slot in std::iter::once(first).chain(others) {
            let Some(unit) = units.get(*slot) else { continue };
            match (key.is_same(unit.stamp), &unit.args) {
                (Some(true), _) => return Ok(Some(*slot)),
                (None, Some(args)) => unknown.push((unit.stamp, Args::clone(args))),
                (Some(false), _) | (None, None) => {}
            }
        }
        if unknown.is_empty() { Ok(None) } else { Err(unknown) }
    }

    /// Forgets the instance with these arguments, and gives its slot.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn release(&mut self, units: &Slots<Unit>, key: &Key) -> Result<Option<u32>, Unknown> {
        let Some(slot) = self.find(units, key)? else { return Ok(None) };
        let alike = self.colliding.iter().position(|(other, place)| *other == key.hash && *place != slot);
        if self.slots.get(&key.hash) != Some(&slot) {
            self.colliding.retain(|(_, place)| *place != slot);
        } else if let Some(alike) = alike {
            let (_, promoted) = self.colliding.swap_remove(alike);
            self.slots.insert(key.hash, promoted);
        } else {
            self.slots.remove(&key.hash);
        }
        Ok(Some(slot))
    }
}

/// Takes half a hash for what it is, and spreads it over both ends, which the table looks at.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u32(&mut self, hash: u32) {
        self.0 = (u64::from(hash) << 32) | u64::from(hash);
    }
}
