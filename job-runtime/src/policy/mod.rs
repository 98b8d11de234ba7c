//! The rules of decision, as functions of what is the case: no clock, no async, no chance of their own.

pub(crate) mod delay;
pub(crate) mod done;
pub(crate) mod missed;
pub(crate) mod overlap;
#[cfg_attr(not(test), expect(dead_code, reason = "asked by what starts services and groups again"))]
pub(crate) mod restart;
pub(crate) mod retry;
pub(crate) mod unique;
