//! Jobs that remember their ticks over restarts of their program: the tests D9 to D12, and what else a restart meets.

#[path = "../overlap_model/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
#[path = "../stage/mod.rs"]
mod stage;

mod begun;
mod calendar;
mod deploys;
mod edited;
mod lives;
mod outage;
mod shifted;
mod wrong_clock;
