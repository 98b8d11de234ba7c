//! How far a job in a queue is, for those who look at its row.

use super::book::{Durable, Hold};
use super::office::Office;
use super::open::Shelf;
use super::row::Claim;
use crate::engine::supervisor::kind_of;
use crate::job::{Context, Run};

/// With a store.
impl Context {
    /// Tells how far the attempt is, in words of your own: its row shows the last of them, and keeps it with the attempt.
    /// It does not wait, and is written down soon; what comes after the end of the attempt is passed over. Of a job that
    /// is in no store it says nothing to anybody. It is found in [`AttemptRow::progress`](crate::AttemptRow::progress).
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, job};
    ///
    /// #[job(queue = "imports")]
    /// async fn import(parts: u32, cx: &Context) {
    ///     for part in 1..=parts {
    ///         cx.progress(format!("{part} of {parts} parts"));
    ///     }
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> job_runtime::Result {
    /// # let jobs = job_runtime::testing::start().await;
    /// let id = import::enqueue(7).await?.id;
    /// # jobs.drain("imports").await;
    /// let row = jobs.runtime().job_row(id).await?.expect("it is kept");
    /// println!("{:?}", row.attempts[0].progress);
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&self, text: impl Into<String>) {
        let run = &self.0;
        let office = run.id.row().and_then(|_| Shelf::of(&run.job.home)?.office());
        if let Some(office) = office
            && let Some(claim) = claim_of(&office, run)
        {
            office.note_progress(claim, text.into());
        }
    }
}

/// The claim under which a run is on.
fn claim_of(office: &Office, run: &Run) -> Option<Claim> {
    let id = run.id.row()?;
    let engine = office.engine()?;
    let claim = engine.with(|_, kinds| kind_of::<Durable>(kinds)?.holds.get(&id).map(Hold::claim));
    claim.filter(|claim| claim.attempt == run.attempt())
}
