//! What makes jobs run: found by the registry, woken by timers, executed and supervised.

pub(crate) mod attendants;
pub(crate) mod carrier;
pub(crate) mod driver;
pub(crate) mod executor;
pub(crate) mod few;
pub(crate) mod instances;
pub(crate) mod registry;
pub(crate) mod slots;
pub(crate) mod supervisor;
pub(crate) mod teller;
pub(crate) mod timers;
