//! Where the records of each job are: one, or of a template one for each value of its arguments, found by the value.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use super::slots::Slots;
use crate::job::{Args, Job, Key, Unknown};

/// A record that a kind keeps for a job, or for an instance of one.
pub(crate) trait Instance {
    /// Tells it from a later one in the same slot.
    fn stamp(&self) -> u32;
    /// What the instance is for; `None` when the job takes no arguments.
    fn args(&self) -> Option<&Args>;
    /// Half of the hash of that.
    fn hash(&self) -> u32;
    /// Whether it was stopped, and goes when its last run has ended.
    fn is_leaving(&self) -> bool;
    /// Of one that is leaving: whether another is to take its place.
    fn again(&mut self) -> Option<&mut bool>;
}

/// The records of a kind, by the numbers of their jobs.
pub(crate) struct Index(Vec<Option<Place>>);

/// Where the records of a job are.
pub(crate) enum Place {
    Single(u32),
    Template(Box<Template>),
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn set(&mut self, entry: u32, place: Option<Place>) {
        let index = usize::try_from(entry).unwrap_or(usize::MAX);
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        if let Some(cell) = self.0.get_mut(index) {
            *cell = place;
        }
    }

    pub(crate) fn get(&self, entry: u32) -> Option<&Place> {
        self.0.get(usize::try_from(entry).ok()?)?.as_ref()
    }

    /// The instances of a job, if it is a template.
    pub(crate) fn template(&mut self, entry: u32) -> Option<&mut Template> {
        match self.0.get_mut(usize::try_from(entry).ok()?)?.as_mut()? {
            Place::Single(_) => None,
            Place::Template(template) => Some(template),
        }
    }

    /// Notes that an instance is to be started: true when it is to be made now, in the next free slot; false when it
    /// will be as soon as the one before it has gone.
    ///
    /// # Errors
    /// What has to be compared first; and then, when it is there already, or the job takes no arguments.
    pub(crate) fn claim<T: Instance>(
        &mut self,
        units: &mut Slots<T>,
        job: &Job,
        key: &Key,
    ) -> Result<crate::error::Result<bool>, Unknown> {
        let slot = units.next();
        let Some(template) = self.template(job.entry()) else { return Ok(Err(job.takes_no_arguments())) };
        let Some(other) = template.claim(units, key, slot)? else { return Ok(Ok(true)) };
        let again = units.get_mut(other).and_then(Instance::again);
        let follows = again.is_some_and(|again| !std::mem::replace(again, true));
        Ok(if follows { Ok(false) } else { Err(job.started_already()) })
    }

    /// Notes that the record in a slot is gone; true when another is to take its place, for which the next free slot
    /// is noted.
    pub(crate) fn release<T: Instance>(&mut self, units: &Slots<T>, entry: u32, gone: &mut T, slot: u32) -> bool {
        let again = gone.again().is_some_and(|again| *again);
        let Some(template) = self.template(entry) else { return false };
        template.forget(gone.hash(), slot);
        if again {
            template.insert(gone.hash(), units.next());
        }
        again
    }

    /// The records of a job, without those that are leaving.
    pub(crate) fn slots<T: Instance>(&self, units: &Slots<T>, entry: u32) -> Vec<u32> {
        let mut slots = match self.get(entry) {
            None => Vec::new(),
            Some(Place::Single(slot)) => vec![*slot],
            Some(Place::Template(template)) => template.slots(),
        };
        slots.retain(|slot| units.get(*slot).is_some_and(|unit| !unit.is_leaving()));
        slots
    }

    /// The slot of the record for these arguments, or of the only one where none are asked for.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn find<T: Instance>(
        &self,
        units: &Slots<T>,
        entry: u32,
        key: Option<&Key>,
    ) -> Result<Option<u32>, Unknown> {
        match (self.get(entry), key) {
            (Some(Place::Single(slot)), None) => Ok(Some(*slot)),
            (Some(Place::Template(template)), Some(key)) => template.find(units, key),
            _ => Ok(None),
        }
    }
}

/// The instances of a template, by the hash of their arguments.
///
/// The arguments themselves are kept by the units alone, and of the hash only half is kept: a table of a million
/// instances grows without touching any of them, and an instance costs it 8 bytes.
#[derive(Default)]
pub(crate) struct Template {
    slots: HashMap<u32, u32, BuildHasherDefault<Hashed>>,
    /// Instances whose half hash is that of another one: a hundred or so of a million. They are here only as
    /// long as the other one is in `slots`.
    colliding: Vec<(u32, u32)>,
}

impl Template {
    fn slots(&self) -> Vec<u32> {
        self.slots.values().copied().chain(self.colliding.iter().map(|(_, slot)| *slot)).collect()
    }

    /// Notes that an instance is about to get `slot`, unless there is one for these arguments already, whose slot it
    /// gives.
    ///
    /// # Errors
    /// What has to be compared first.
    fn claim<T: Instance>(&mut self, units: &Slots<T>, key: &Key, slot: u32) -> Result<Option<u32>, Unknown> {
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
    fn insert(&mut self, hash: u32, slot: u32) {
        match self.slots.entry(hash) {
            Entry::Vacant(place) => drop(place.insert(slot)),
            Entry::Occupied(_) => self.colliding.push((hash, slot)),
        }
    }

    /// The slot of the instance with these arguments.
    ///
    /// # Errors
    /// What has to be compared first.
    fn find<T: Instance>(&self, units: &Slots<T>, key: &Key) -> Result<Option<u32>, Unknown> {
        let mut unknown = Unknown::new();
        let Some(first) = self.slots.get(&key.hash) else { return Ok(None) };
        let others = self.colliding.iter().filter(|(hash, _)| *hash == key.hash).map(|(_, slot)| slot);
        for slot in std::iter::once(first).chain(others) {
            let Some(unit) = units.get(*slot) else { continue };
            match (key.is_same(unit.stamp()), unit.args()) {
                (Some(true), _) => return Ok(Some(*slot)),
                (None, Some(args)) => unknown.push((unit.stamp(), Args::clone(args))),
                (Some(false), _) | (None, None) => {}
            }
        }
        if unknown.is_empty() { Ok(None) } else { Err(unknown) }
    }

    /// Forgets the instance of a hash that is in this slot.
    fn forget(&mut self, hash: u32, slot: u32) {
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
