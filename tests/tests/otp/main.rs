//! The rows of what an OTP supervisor does, one test or more for each: what holds here as it does there, and where we
//! differ on purpose our own rule with the reason.

#[path = "../crew/mod.rs"]
mod crew;
#[path = "../stage/mod.rs"]
mod stage;

mod auto_shutdown;
mod backoff;
mod exceed;
mod intensity;
mod restart;
mod scope;
mod shutdown;
mod start;
mod strategy;
mod task_supervisor;
mod window;
