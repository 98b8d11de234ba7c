//! What jobs are given by value, whatever its type: how the arguments of a template's instances are hashed and
//! compared, and how those of a job on demand are copied for a further attempt.

use std::any::{Any, TypeId};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, OnceLock};

/// The arguments of an instance: a tuple of what the function takes by value.
pub(crate) type Args = Arc<dyn Any + Send + Sync>;

/// What can be done with arguments of one type.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) id: TypeId,
    hash: fn(&(dyn Any + Send + Sync), &RandomState) -> u64,
    same: fn(&(dyn Any + Send + Sync), &(dyn Any + Send + Sync)) -> bool,
}

impl Arguments {
    pub(crate) fn of<A: Eq + Hash + 'static>() -> Self {
        Self {
            id: TypeId::of::<A>(),
            hash: |args, hasher| args.downcast_ref::<A>().map_or(0, |args| hasher.hash_one(args)),
            same: |left, right| {
                left.downcast_ref::<A>().zip(right.downcast_ref()).is_some_and(|(left, right)| left == right)
            },
        }
    }

    /// These arguments as a key, which asks the users' code for the hash.
    pub(crate) fn key(self, args: Args) -> Key {
        static HASHER: OnceLock<RandomState> = OnceLock::new();
        let hash = (self.hash)(&*args, HASHER.get_or_init(RandomState::new));
        Key { args, hash: u32::try_from(hash >> 32).unwrap_or_default(), arguments: self, compared: Vec::new() }
    }
}

/// Arguments to look for, with half of their hash, and what comparing them with others gave.
///
/// `Hash` and `Eq` are the users' code, which the engine's lock is not held for: hashed is before, and what is to be
/// compared is brought out from under it.
pub(crate) struct Key {
    pub(crate) args: Args,
    pub(crate) hash: u32,
    arguments: Arguments,
    compared: Vec<(u32, bool)>,
}

/// Arguments that a key has not been compared with yet, and the stamps of their instances.
pub(crate) type Unknown = Vec<(u32, Args)>;

impl Key {
    /// Whether the instance of this stamp has the same arguments, if that is known.
    pub(crate) fn is_same(&self, stamp: u32) -> Option<bool> {
        self.compared.iter().find(|(other, _)| *other == stamp).map(|(_, same)| *same)
    }

    pub(crate) fn compare(&mut self, unknown: Unknown) {
        for (stamp, other) in unknown {
            let same = (self.arguments.same)(&*self.args, &*other);
            self.compared.push((stamp, same));
        }
    }
}

/// The arguments that each run of a job on demand is given, of one type.
pub(crate) struct Message(Box<dyn Copies>);

impl Message {
    /// Arguments of type `A`, and how they are copied where that can be done.
    pub(crate) fn of<A: Send + 'static>(copy: Option<fn(&A) -> A>) -> Self {
        Self(Box::new(copy))
    }

    /// Whether there are none.
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.id() == TypeId::of::<()>()
    }

    /// Whether there can be one for each of several attempts.
    pub(crate) fn is_copied(&self) -> bool {
        self.0.is_copied()
    }

    /// A copy, which the users' `Clone` makes; `None` where they have none, or `args` are of another type.
    pub(crate) fn copy(&self, args: &(dyn Any + Send)) -> Option<Box<dyn Any + Send>> {
        self.0.copy(args)
    }
}

/// How the arguments of a job that waits in a store are read there.
pub(crate) struct Wire(fn(&str) -> Result<Box<dyn Any + Send>, String>);

impl Wire {
    pub(crate) fn new(read: fn(&str) -> Result<Box<dyn Any + Send>, String>) -> Self {
        Self(read)
    }

    /// The arguments that a text stands for.
    ///
    /// # Errors
    /// When it stands for none, with a sentence.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) fn read(&self, text: &str) -> Result<Box<dyn Any + Send>, String> {
        (self.0)(text)
    }
}

/// A [`Message`] of a type that only its maker knows.
trait Copies: Send + Sync {
    fn id(&self) -> TypeId;
    fn is_copied(&self) -> bool;
    fn copy(&self, args: &(dyn Any + Send)) -> Option<Box<dyn Any + Send>>;
}

impl<A: Send + 'static> Copies for Option<fn(&A) -> A> {
    fn id(&self) -> TypeId {
        TypeId::of::<A>()
    }

    fn is_copied(&self) -> bool {
        self.is_some()
    }

    fn copy(&self, args: &(dyn Any + Send)) -> Option<Box<dyn Any + Send>> {
        let copy = self.as_ref()?;
        Some(Box::new(copy(args.downcast_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_arguments_are_the_same_and_others_are_not() {
        let arguments = Arguments::of::<(u32, String)>();
        let of = |number: u32| -> Args { Arc::new((number, "x".to_owned())) };
        let mut key = arguments.key(of(1));
        key.compare(vec![(7, of(1)), (8, of(2)), (9, Arc::new(1_u32))]);
        assert_eq!([6, 7, 8, 9].map(|stamp| key.is_same(stamp)), [None, Some(true), Some(false), Some(false)]);
        assert_eq!(key.hash, arguments.key(of(1)).hash);
    }

    #[test]
    fn a_message_is_copied_where_its_type_can_be() {
        type Sent = (u32, String);
        let sent: Box<dyn Any + Send> = Box::new((7_u32, "x".to_owned()));
        let message = Message::of::<Sent>(Some(Sent::clone));
        assert!(message.is_copied() && !message.is_nothing());
        let copy = message.copy(&*sent).expect("it can be copied");
        assert_eq!(copy.downcast_ref::<Sent>(), sent.downcast_ref());
        assert!(message.copy(&7_u32).is_none(), "of another type");
        let once = Message::of::<Sent>(None);
        assert!(!once.is_copied() && once.copy(&*sent).is_none());
    }
}
