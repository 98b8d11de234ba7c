//! Clocks that misbehave, and jobs that follow the calendar through it: the tests C1 to C14, on fake clocks.

#[path = "../child/mod.rs"]
mod child;
#[path = "../patience/mod.rs"]
mod patience;
#[path = "../overlap_model/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
mod scene;
#[path = "../stage/mod.rs"]
mod stage;

mod asleep;
mod control;
mod drift;
mod dst;
mod early;
mod ending;
mod histories;
mod impossible;
mod listing;
mod long;
mod neighbours;
mod overlap;
mod portions;
mod sources;
mod spread;
mod stalled;
mod steps;
mod zones;
