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
mod racing;
mod telling;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::clocked::Clocked;
use self::place::Place;
use super::migrate::TABLE;
use crate::durable::conformance::Bench;
use crate::durable::conformance::newer::newer;
use crate::durable::store::{Asked, Store};

/// For what every store does.
pub(in crate::durable) async fn bench() -> Bench {
    bench_in(new_place()).await
}

/// One whose schema a newer version has made.
pub(in crate::durable) async fn newer_bench() -> Bench {
    let place = new_place();
    let made = "INSERT INTO job_runtime.migration (version, min_reader) VALUES (2, 1)";
    let jobs = newer(include_str!("../migrations/0001_jobs.sql"));
    place.sql(&["CREATE SCHEMA job_runtime;", &newer(TABLE), &jobs, made].concat());
    bench_in(place).await
}

fn new_place() -> Place {
    static MADE: AtomicU32 = AtomicU32::new(0);
    Place::with_clock(&format!("bench_{}", MADE.fetch_add(1, Ordering::Relaxed)))
}

async fn bench_in(place: Place) -> Bench {
    let store = Arc::new(Clocked::new(&place).await);
    let place = Arc::new(place);
    let other = move || -> Asked<'static, Arc<dyn Store>> {
        let place = Arc::clone(&place);
        Box::pin(async move {
            let other: Arc<dyn Store> = Arc::new(Clocked::new(&place).await);
            Ok(other)
        })
    };
    Bench::new(store, Box::new(other), ()).await
}
