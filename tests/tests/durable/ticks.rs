//! What is said of the ticks of all nodes, by the rows that they have in the store.

use std::collections::BTreeMap;
use std::time::Duration;

use job_runtime::JobRow;

use crate::lab::Client;

/// More than any of these tests has.
const ALL: u32 = 1_000_000;

/// The rows of recurring jobs of all nodes, by job, in the order of their nominal times.
pub async fn rows(client: &Client) -> BTreeMap<String, Vec<JobRow>> {
    let mut by_job = BTreeMap::<String, Vec<JobRow>>::new();
    for row in client.queue("@cluster").jobs(None, ALL).await.expect("the store is there") {
        by_job.entry(row.name.clone()).or_default().push(row);
    }
    for rows in by_job.values_mut() {
        rows.sort_by_key(|row| row.scheduled_at);
    }
    by_job
}

/// Asserts that each nominal time of these rows is there exactly once, from the first to the last, and none before it
/// came.
pub fn are_exactly_one_each(job: &str, rows: &[JobRow], period: Duration) {
    for pair in rows.windows(2) {
        let [one, next] = pair else { continue };
        let apart = next.scheduled_at.duration_since(one.scheduled_at).expect("they are in order");
        assert_eq!(apart, period, "{job}: one tick after another\n{one:?}\n{next:?}");
    }
    for row in rows {
        // The time at which it was put in is that of the store's clock.
        let early = row.scheduled_at.duration_since(row.enqueued_at).unwrap_or_default();
        assert_eq!(early, Duration::ZERO, "{job}: a tick was there before its time: {row:?}");
    }
}
