//! Takes jobs in.

use std::sync::Arc;

use tokio_postgres::Row;

use super::Postgres;
use super::batch::{Batch, Keys, MEET, Meeting, PUT, PUT_KEYED, PUT_ONE};
use super::bell::Owing;
use super::columns::at;
use super::notice::{BEGINNING, LONGEST};
use super::session::Session;
use crate::durable::row::NewJobs;
use crate::durable::store::{Fault, Inserted, Notice};
use crate::policy::unique::OnConflict;

/// What jobs are put in through: a connection of ours, or a transaction of somebody else's, whose driver may be another.
pub(super) trait Door: Send {
    /// Puts in the jobs of a batch; the numbers of their rows, and from when on they are due.
    fn put(&mut self, batch: &Batch<'_>, telling: &Telling<'_>) -> impl Asking<(Vec<i64>, i64)>;

    /// Puts in one job for each key, unless it is kept out.
    fn put_keyed(
        &mut self,
        batch: &Batch<'_>,
        keys: &Keys<'_>,
        telling: &Telling<'_>,
    ) -> impl Asking<(Vec<Inserted>, i64)>;

    /// Changes those that others have met.
    fn meet(&mut self, batch: &Batch<'_>, meeting: &Meeting<'_>) -> impl Asking<()>;

    /// What comes is done together, if it is not so anyway.
    fn begin(&mut self) {}

    fn commit(&mut self) -> impl Asking<()> {
        std::future::ready(Ok(()))
    }
}

/// What gives something, or a fault.
pub(super) trait Asking<T>: Future<Output = Result<T, Fault>> + Send {}

impl<T, F: Future<Output = Result<T, Fault>> + Send> Asking<T> for F {}

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

/// Puts jobs in; what came of each, and from when on they are due, in microseconds since 1970.
pub(super) async fn put(
    door: &mut impl Door,
    jobs: &NewJobs,
    telling: &Telling<'_>,
) -> Result<(Vec<Inserted>, i64), Fault> {
    let batch = Batch::of(jobs);
    let Some(keys) = &batch.keys else {
        let (ids, from) = door.put(&batch, telling).await?;
        return Ok((ids.into_iter().map(|id| Inserted { id, new: true }).collect(), from));
    };
    let may_meet = keys.on_conflict != OnConflict::Skip;
    if may_meet {
        door.begin();
    }
    let (kept, from) = door.put_keyed(&batch, keys, telling).await?;
    if let Some(meeting) = keys.meeting(&kept) {
        door.meet(&batch, &meeting).await?;
    }
    if may_meet {
        door.commit().await?;
    }
    Ok((keys.inserted(&kept), from))
}

/// The parameters of a statement that puts rows in with these arguments.
macro_rules! params {
    ($batch:expr, $args:expr, $telling:expr $(, $more:expr)*) => {
        &[
            &$batch.queue,
            &$batch.name,
            &$batch.priority,
            &$batch.max_attempts,
            &$batch.delay,
            &$batch.at,
            $args,
            &$telling.channel,
            &$telling.by,
            &$telling.owed,
            $($more,)*
        ]
    };
}

impl Door for Session<'_> {
    async fn put(&mut self, batch: &Batch<'_>, telling: &Telling<'_>) -> Result<(Vec<i64>, i64), Fault> {
        let rows = match batch.args.as_slice() {
            [args] => self.query(PUT_ONE, params!(batch, args, telling)).await?,
            args => self.query(PUT, params!(batch, &args, telling)).await?,
        };
        let ids = rows.iter().map(|row| at(row, 0)).collect::<Result<_, _>>()?;
        Ok((ids, from(&rows)?))
    }

    async fn put_keyed(
        &mut self,
        batch: &Batch<'_>,
        keys: &Keys<'_>,
        telling: &Telling<'_>,
    ) -> Result<(Vec<Inserted>, i64), Fault> {
        let rows = self.query(PUT_KEYED, params!(batch, &batch.args, telling, &keys.texts, &keys.lasts)).await?;
        let kept = rows.iter().map(|row| Ok(Inserted { id: at(row, 0)?, new: at(row, 2)? }));
        Ok((kept.collect::<Result<_, Fault>>()?, from(&rows)?))
    }

    async fn meet(&mut self, batch: &Batch<'_>, Meeting { ids, args, replaces }: &Meeting<'_>) -> Result<(), Fault> {
        self.query(MEET, &[ids, args, &batch.priority, &batch.delay, &batch.at, replaces]).await.map(drop)
    }

    fn begin(&mut self) {
        Session::begin(self);
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        Session::commit(self).await
    }
}

fn from(rows: &[Row]) -> Result<i64, Fault> {
    rows.first().map_or(Ok(BEGINNING), |row| at(row, 1))
}

impl Postgres {
    pub(super) async fn put_in(&self, jobs: &NewJobs) -> Result<Vec<Inserted>, Fault> {
        let mut session = self.lines.pooled().await?;
        let (queue, bells) = (&jobs.queue, &self.bells);
        let ring = bells.ring(queue, self.lines.clock.moment());
        let (rings, owed) = (ring.is_some(), ring.and_then(|ring| ring.owed));
        let from = if rings { owed } else { Some(BEGINNING) };
        let mut owing = Owing { bells, queue: Arc::clone(queue), from };
        let channel = Some(self.lines.schema.name()).filter(|_| rings && fits(queue));
        let (inserted, from) = put(&mut session, jobs, &Telling { channel, by: self.id, owed }).await?;
        session.done();
        owing.from = (!rings).then_some(from);
        drop(owing);
        self.tell_here(Notice::Work(Arc::clone(queue)), from);
        Ok(inserted)
    }
}
