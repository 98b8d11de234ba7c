//! The rules of decision, as functions of what is the case: no clock, no async, no chance of their own.

pub(crate) mod delay;
pub(crate) mod done;
pub(crate) mod missed;
pub(crate) mod overlap;
pub(crate) mod retry;
