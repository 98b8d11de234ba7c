//! Tests of jobs, on paused time and without sleeping; `cargo test -p job-examples` runs them.
use std::sync::atomic::{AtomicU32, Ordering};

use job_runtime::periodic;

#[derive(Default)]
struct Sessions {
    expired: AtomicU32,
}

#[periodic(every = "10m", on_overlap = "ignore")]
async fn purge_sessions(sessions: &Sessions) {
    println!("purged {}", sessions.expired.swap(0, Ordering::Relaxed));
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().data(Sessions::default()).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use job_runtime::Outcome;
    use job_runtime::testing::{assert_all_valid, start};

    use super::*;

    #[test]
    fn every_job_of_the_program_is_valid() {
        assert_all_valid();
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_purges_what_is_expired() {
        let sessions = Arc::new(Sessions { expired: AtomicU32::new(7) });
        let jobs = start().data_arc(Arc::clone(&sessions)).await;
        assert_eq!(jobs.tick("purge_sessions").await, Ok(Outcome::Completed));
        assert_eq!(sessions.expired.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_has_144_runs() {
        let jobs = start().data(Sessions::default()).auto().at("2026-11-20T12:00:00Z").await;
        jobs.advance("24h").await;
        assert_eq!(jobs.runs("purge_sessions").len(), 144);
        assert_eq!(jobs.accounting("purge_sessions").missed, 0);
    }
}
