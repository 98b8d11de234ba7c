//! The ticks of a job as the clocks of its time zone show them.

use super::JobInfo;
use crate::schedule::Zone;

impl JobInfo {
    /// Its [`next`](Self::next) ticks in its [`zone`](Self::zone), as in
    /// `2026-03-29T03:00:00+02:00[Europe/Berlin]` (RFC 9557); in UTC where no such zone is known. Needs the
    /// feature `cron`.
    ///
    /// ```standalone_crate
    /// use job_runtime::periodic;
    ///
    /// #[periodic(cron = "30 2 * * *", tz = "Europe/Berlin")]
    /// async fn backup() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// for tick in backup::status().await?.next_local() {
    ///     assert!(tick.ends_with("[Europe/Berlin]"));
    /// }
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn next_local(&self) -> Vec<String> {
        let zone = Zone::named(&self.zone).unwrap_or_default();
        self.next.iter().map(|tick| zone.show(*tick)).collect()
    }
}
