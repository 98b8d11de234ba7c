//! Instances of a job with arguments: one for each value, found by the value.

use std::any::Any;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Where the units of a job are.
pub(crate) enum Index {
    Single(u32),
    /// By argument value; the type is known with the first instance.
    Template(Option<Box<dyn Instances>>),
}

/// The instances of a template, whatever the type of their arguments.
pub(crate) trait Instances: Any + Send {
    fn slots(&self) -> Vec<u32>;
}

/// The instances by their arguments.
pub(crate) struct Template<A> {
    instances: HashMap<Arc<A>, u32>,
}

impl<A> Default for Template<A> {
    fn default() -> Self {
        Self { instances: HashMap::new() }
    }
}

impl<A: Eq + Hash + Send + Sync + 'static> Instances for Template<A> {
    fn slots(&self) -> Vec<u32> {
        self.instances.values().copied().collect()
    }
}

impl dyn Instances {
    /// The instances with arguments of type `A`.
    pub(crate) fn typed<A: Eq + Hash + Send + Sync + 'static>(&mut self) -> Result<&mut Template<A>> {
        let any: &mut dyn Any = self;
        any.downcast_mut().ok_or_else(|| Error::refused("the job takes arguments of another type"))
    }
}

impl<A: Eq + Hash> Template<A> {
    /// Takes the place of an instance, which is to be settled; an error when it is taken.
    pub(crate) fn claim(&mut self, args: A) -> std::result::Result<Arc<A>, ()> {
        if self.instances.contains_key(&args) { Err(()) } else { Ok(Arc::new(args)) }
    }

    pub(crate) fn settle(&mut self, args: Arc<A>, slot: u32) {
        self.instances.insert(args, slot);
    }

    pub(crate) fn find(&self, args: &A) -> Option<u32> {
        self.instances.get(args).copied()
    }

    pub(crate) fn release(&mut self, args: &A) -> Option<u32> {
        self.instances.remove(args)
    }
}
