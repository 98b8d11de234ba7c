//! The only path an expansion names. Not public API: it changes with the macros.

pub use inventory;

pub use crate::control;
pub use crate::duration::{period, period_value};
pub use crate::engine::registry::{Definition, Registration};
pub use crate::guard::{Answer, Ask, answer, ask, takes_context, takes_context_async};
pub use crate::job::{
    BoxFuture, Input, Place, Report, Return, Shared, State, check_backoff, companion, state_probe as state,
};
