//! Instances of a job with arguments: one for each value, found by the value.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::Arc;

use super::unit::Unit;
use crate::engine::slots::Slots;

/// Where the units of a job are.
pub(crate) enum Index {
    Single(u32),
    Template(Box<Template>),
}

impl Index {
    /// Whether it is that of a template with arguments of this type.
    pub(crate) fn takes<A: 'static>(&self) -> bool {
        match self {
            Self::Single(_) => false,
            Self::Template(template) => template.arguments == TypeId::of::<A>(),
        }
    }
}

/// The arguments of an instance, whatever their type.
pub(crate) type Args = Arc<dyn Any + Send + Sync>;

/// The instances of a template, by the hash of their arguments.
///
/// The arguments themselves are kept by the units alone, and of the hash only half is kept: a table of a million
/// instances grows without touching any of them, and an instance costs it 8 bytes.
pub(crate) struct Template {
    arguments: TypeId,
    hasher: RandomState,
    slots: HashMap<u32, u32, BuildHasherDefault<Hashed>>,
    /// Instances whose half hash is that of another one: a hundred or so of a million. They are here only as
    /// long as the other one is in `slots`.
    colliding: Vec<(u32, u32)>,
}

impl Template {
    /// A template that takes arguments of the type of that key.
    pub(crate) fn new(arguments: TypeId) -> Self {
        Self { arguments, hasher: RandomState::new(), slots: HashMap::default(), colliding: Vec::new() }
    }

    pub(crate) fn slots(&self) -> Vec<u32> {
        self.slots.values().copied().chain(self.colliding.iter().map(|(_, slot)| *slot)).collect()
    }

    /// Notes that an instance is about to get `slot`; false when there is one for these arguments already.
    pub(crate) fn claim<A: Eq + Hash + 'static>(&mut self, units: &Slots<Unit>, args: &A, slot: u32) -> bool {
        let hash = self.half_hash(args);
        match self.slots.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(slot);
                true
            }
            Entry::Occupied(other) => {
                let taken = is_at(units, *other.get(), args) || colliding(&self.colliding, units, args).is_some();
                if !taken {
                    self.colliding.push((hash, slot));
                }
                !taken
            }
        }
    }

    /// The slot of the instance with these arguments.
    pub(crate) fn find<A: Eq + Hash + 'static>(&self, units: &Slots<Unit>, args: &A) -> Option<u32> {
        let slot = self.slots.get(&self.half_hash(args)).copied()?;
        if is_at(units, slot, args) { Some(slot) } else { colliding(&self.colliding, units, args) }
    }

    /// Forgets the instance with these arguments, and gives its slot.
    pub(crate) fn release<A: Eq + Hash + 'static>(&mut self, units: &Slots<Unit>, args: &A) -> Option<u32> {
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

    fn half_hash<A: Hash>(&self, args: &A) -> u32 {
        u32::try_from(self.hasher.hash_one(args) >> 32).unwrap_or_default()
    }
}

fn is_at<A: Eq + 'static>(units: &Slots<Unit>, slot: u32, args: &A) -> bool {
    units.get(slot).and_then(|unit| unit.args.as_ref()?.downcast_ref::<A>()) == Some(args)
}

fn colliding<A: Eq + 'static>(slots: &[(u32, u32)], units: &Slots<Unit>, args: &A) -> Option<u32> {
    slots.iter().map(|(_, slot)| *slot).find(|slot| is_at(units, *slot, args))
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
