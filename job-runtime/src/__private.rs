//! The only path an expansion names. Not public API: it changes with the macros.

pub use inventory;

pub use crate::control;
pub use crate::control::{Enqueue, Enqueued};
pub use crate::duration::{IntoDuration, duration, every_value, period, period_value};
pub use crate::engine::registry::{Definition, GroupRegistration, Registration};
pub use crate::error::{Result, RunError};
pub use crate::guard::{Answer, Ask, answer, ask, ask_closure};
pub use crate::job::{
    AsArgument, AsData, AsMessage, AsQueued, AsRepeated, AsState, BoxFuture, ErrorOf, Group, Input, IsJob, JobHandle,
    JobInfo, Member, Place, Report, Return, Shared, State, argument_probe as argument, check_backoff, check_cluster,
    check_queue, companion, state_probe as state,
};
pub use crate::schedule::{Timetable, check_cron, check_zone};
