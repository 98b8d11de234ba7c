//! What is PostgreSQL's own, and what every store does.

mod alike;
mod claiming;
mod clocked;
mod connecting;
mod joining;
#[cfg(any(feature = "sqlx-0_8", feature = "sqlx-0_9"))]
mod joining_sqlx;
#[cfg(feature = "sqlx-0_8")]
mod joining_sqlx_0_8;
#[cfg(feature = "sqlx-0_9")]
mod joining_sqlx_0_9;
mod leases;
mod place;
mod plans;
mod telling;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::clocked::Clocked;
use self::place::Place;
use crate::durable::conformance::Bench;

/// For what every store does.
pub(in crate::durable) async fn bench() -> Bench {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let place = Place::with_clock(&format!("bench_{}", MADE.fetch_add(1, Ordering::Relaxed)));
    Bench::new(Arc::new(Clocked::new(place).await), None, ()).await
}
