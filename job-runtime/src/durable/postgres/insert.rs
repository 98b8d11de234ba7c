//! Takes jobs in.

use std::sync::Arc;

use tokio_postgres::Row;

use super::Postgres;
use super::batch::{Batch, MEET, Meeting, PUT, PUT_KEYED};
use super::bell::Bells;
use super::columns::at;
use super::line::Params;
use super::notice::{BEGINNING, LONGEST};
use super::session::Session;
use crate::durable::row::NewJobs;
use crate::durable::store::{Fault, Inserted, Notice};
use crate::policy::unique::OnConflict;

/// The parameters of a statement that puts rows in.
macro_rules! params {
    ($batch:expr, $telling:expr $(, $more:expr)*) => {
        [
            &$batch.queue,
            &$batch.name,
            &$batch.priority,
            &$batch.max_attempts,
            &$batch.delay,
            &$batch.at,
            &$batch.args,
            &$telling.channel,
            &$telling.by,
            &$telling.owed,
            $($more,)*
        ]
    };
}
/// How it is told that rows were put in.
pub(super) struct Telling<'t> {
    /// Through which channel; with what is put in, or later.
    pub(super) channel: Option<&'t str>,
    pub(super) by: i64,
    /// The earliest time of what is told besides.
    pub(super) owed: Option<i64>,
}

impl<'t> Telling<'t> {
    /// By whoever commits it.
    pub(super) fn at_commit(channel: &'t str, queue: &str) -> Self {
        Self { channel: Some(channel).filter(|_| fits(queue)), by: 0, owed: None }
    }
}

/// Whether a queue can be told of: its name with what stands before it.
fn fits(queue: &str) -> bool {
    queue.len() + 50 < LONGEST
}

/// A notification that is owed from the moment on at which this is dropped, if it is: also when nobody waits for the
/// answer any more, and the rows may be in.
struct Owing<'b> {
    bells: &'b Bells,
    queue: &'b Arc<str>,
    from: Option<i64>,
}

impl Drop for Owing<'_> {
    fn drop(&mut self) {
        if let Some(from) = self.from {
            self.bells.owe(self.queue, from);
        }
    }
}

impl Postgres {
    pub(super) async fn put_in(&self, jobs: &NewJobs) -> Result<Vec<Inserted>, Fault> {
        let mut session = self.lines.pooled().await?;
        let (queue, bells) = (&jobs.queue, &self.bells);
        let ring = bells.ring(queue, self.lines.clock.moment());
        let (rings, owed) = (ring.is_some(), ring.and_then(|ring| ring.owed));
        let mut owing = Owing { bells, queue, from: if rings { owed } else { Some(BEGINNING) } };
        let channel = Some(self.lines.schema.name()).filter(|_| rings && fits(queue));
        let (inserted, from) = put(&mut session, jobs, &Telling { channel, by: self.id, owed }).await?;
        session.done();
        owing.from = (!rings).then_some(from);
        drop(owing);
        self.tell_here(Notice::Work(Arc::clone(&jobs.queue)), from);
        Ok(inserted)
    }
}

/// Puts jobs in; what came of each, and from what time on they are due, in microseconds since 1970.
pub(super) async fn put(
    session: &mut Session<'_>,
    jobs: &NewJobs,
    telling: &Telling<'_>,
) -> Result<(Vec<Inserted>, i64), Fault> {
    let batch = Batch::of(jobs);
    let Some(keys) = &batch.keys else {
        let rows = session.query(PUT, &params!(batch, telling)).await?;
        let inserted = rows.iter().map(|row| Ok(Inserted { id: at(row, 0)?, new: true }));
        return Ok((inserted.collect::<Result<_, Fault>>()?, from(&rows)?));
    };
    if keys.on_conflict != OnConflict::Skip {
        session.begin();
    }
    let rows = session.query(PUT_KEYED, &params!(batch, telling, &keys.texts, &keys.lasts)).await?;
    let kept = rows.iter().map(|row| Ok(Inserted { id: at(row, 0)?, new: at(row, 2)? }));
    let kept = kept.collect::<Result<Vec<_>, Fault>>()?;
    if let Some(Meeting { ids, args }) = keys.meeting(&kept) {
        let replaces = keys.on_conflict == OnConflict::Replace;
        let params: Params<'_> = &[
            &ids,
            &args,
            &batch.priority,
            &batch.delay,
            &batch.at,
            &replaces,
        ];
        session.query(MEET, params).await?;
    }
    if keys.on_conflict != OnConflict::Skip {
        session.commit().await?;
    }
    Ok((keys.inserted(&kept), from(&rows)?))
}

fn from(rows: &[Row]) -> Result<i64, Fault> {
    rows.first().map_or(Ok(BEGINNING), |row| at(row, 1))
}
