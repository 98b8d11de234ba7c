//! Instances of a job with arguments: one for each value, found by the value.

use std::any::TypeId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher, RandomState};

use super::unit::Unit;
use crate::engine::slots::Slots;
use crate::job::{Args, Arguments};
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
pub(crate) struct Template {
    arguments: Arguments,
    /// The schedule given at run time, for instances to come as well.
    pub(crate) timetable: Option<Timetable>,
    hasher: RandomState,
    slots: HashMap<u32, u32, BuildHasherDefault<Hashed>>,
    /// Instances whose half hash is that of another one: a hundred or so of a million. They are here only as
    /// long as the other one is in `slots`.
    colliding: Vec<(u32, u32)>,
}

impl Template {
    /// A template that takes such arguments.
    pub(crate) fn new(arguments: Arguments) -> Self {
        Self {
            arguments,
            timetable: None,
            hasher: RandomState::new(),
            slots: HashMap::default(),
            colliding: Vec::new(),
        }
    }

    /// Whether it takes arguments of the type of that key.
    pub(crate) fn takes(&self, arguments: TypeId) -> bool {
        self.arguments.id == arguments
    }

    pub(crate) fn slots(&self) -> Vec<u32> {
        self.slots.values().copied().chain(self.colliding.iter().map(|(_, slot)| *slot)).collect()
    }

    /// Notes that an instance is about to get `slot`; false when there is one for these arguments already.
    pub(crate) fn claim(&mut self, units: &Slots<Unit>, args: &Args, slot: u32) -> bool {
        let hash = self.half_hash(args);
        match self.slots.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(slot);
                true
            }
            Entry::Occupied(other) => {
                let mut alike = std::iter::once(*other.get()).chain(self.colliding.iter().map(|(_, slot)| *slot));
                let taken = alike.any(|slot| is_at(&self.arguments, units, slot, args));
                if !taken {
                    self.colliding.push((hash, slot));
                }
                !taken
            }
        }
    }

    /// The slot of the instance with these arguments.
    pub(crate) fn find(&self, units: &Slots<Unit>, args: &Args) -> Option<u32> {
        let slot = self.slots.get(&self.half_hash(args)).copied()?;
        let mut alike = std::iter::once(slot).chain(self.colliding.iter().map(|(_, slot)| *slot));
        alike.find(|slot| is_at(&self.arguments, units, *slot, args))
    }

    /// Forgets the instance with these arguments, and gives its slot.
    pub(crate) fn release(&mut self, units: &Slots<Unit>, args: &Args) -> Option<u32> {
        let slot = self.find(units, args)?;
        let hash = self.half_hash(args);
        let alike = self.colliding.iter().position(|(other, place)| *other == hash && *place != slot);
        if self.slots.get(&hash) != Some(&slot) {
            self.colliding.retain(|(_, place)| *place != slot);
        } else if let Some(alike) = alike {
            let (_, promoted) = self.colliding.swap_remove(alike);
            self.slots.insert(hash, promoted);
        } else {
            self.slots.remove(&hash);
        }
        Some(slot)
    }

    fn half_hash(&self, args: &Args) -> u32 {
        u32::try_from(self.arguments.hash(args, &self.hasher) >> 32).unwrap_or_default()
    }
}

fn is_at(arguments: &Arguments, units: &Slots<Unit>, slot: u32, args: &Args) -> bool {
    units.get(slot).and_then(|unit| unit.args.as_ref()).is_some_and(|other| arguments.same(other, args))
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
