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

    /// Notes that an instance is about to get `slot`, unless there is one for these arguments already, whose slot it
    /// gives.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn claim(&mut self, units: &Slots<Unit>, key: &Key, slot: u32) -> Result<Option<u32>, Unknown> {
        if let Entry::Vacant(place) = self.slots.entry(key.hash) {
            place.insert(slot);
            return Ok(None);
        }
        let other = self.find(units, key)?;
        if other.is_none() {
            self.colliding.push((key.hash, slot));
        }
        Ok(other)
    }

    /// Notes that the instance of a hash, which is known to be the only one for its arguments, is in this slot.
    pub(crate) fn insert(&mut self, hash: u32, slot: u32) {
        match self.slots.entry(hash) {
            Entry::Vacant(place) => drop(place.insert(slot)),
            Entry::Occupied(_) => self.colliding.push((hash, slot)),
        }
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

    /// Forgets the instance of a hash that is in this slot.
    pub(crate) fn forget(&mut self, hash: u32, slot: u32) {
        let alike = self.colliding.iter().position(|(other, place)| *other == hash && *place != slot);
        if self.slots.get(&hash) != Some(&slot) {
            self.colliding.retain(|(_, place)| *place != slot);
        } else if let Some(alike) = alike {
            let (_, promoted) = self.colliding.swap_remove(alike);
            self.slots.insert(hash, promoted);
        } else {
            self.slots.remove(&hash);
        }
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
