//! The arguments of a template's instances, whatever their type: how they are hashed and compared.

use std::any::{Any, TypeId};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

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

    pub(crate) fn hash(&self, args: &Args, hasher: &RandomState) -> u64 {
        (self.hash)(&**args, hasher)
    }

    pub(crate) fn same(&self, left: &Args, right: &Args) -> bool {
        (self.same)(&**left, &**right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_arguments_are_the_same_and_others_are_not() {
        let arguments = Arguments::of::<(u32, String)>();
        let of = |number: u32| -> Args { Arc::new((number, "x".to_owned())) };
        let hasher = RandomState::new();
        assert!(arguments.same(&of(1), &of(1)));
        assert!(!arguments.same(&of(1), &of(2)));
        assert_eq!(arguments.hash(&of(1), &hasher), arguments.hash(&of(1), &hasher));
        let other: Args = Arc::new(1_u32);
        assert!(!arguments.same(&of(1), &other));
    }
}
