//! What one call uses to ask the database: a connection of its own, one of the pool, or the transaction of a caller.

use std::pin::pin;

use deadpool_postgres::Object;
use tokio::sync::OwnedMutexGuard;
use tokio_postgres::{Client, Row};

use super::fault::fault;
use super::line::{Line, Params, ask};
use super::schema::Schema;
use crate::clock::{Clock, Moment, first};
use crate::durable::store::Fault;

/// A connection for one call. When it is dropped before it is [done](Self::done), in a fault, when there was no answer in
/// time, or with who waits for one, the connection ends: nobody knows how it stands.
pub(super) struct Session<'s> {
    schema: &'s Schema,
    clock: &'s Clock,
    way: Way<'s>,
    until: Moment,
    /// The next statement begins a transaction.
    beginning: bool,
    done: bool,
}

/// Through what the database is asked.
pub(super) enum Way<'s> {
    Own(OwnedMutexGuard<Option<Line>>),
    Pool(Option<Box<Object>>),
    /// A transaction of somebody else's.
    Theirs(&'s Client),
}

impl<'s> Session<'s> {
    /// In a schema, for as long as this clock says, by one of these ways.
    pub(super) fn new(schema: &'s Schema, clock: &'s Clock, until: Moment, way: Way<'s>) -> Self {
        Self { schema, clock, way, until, beginning: false, done: false }
    }

    /// All rows that a statement gives.
    pub(super) async fn query(&mut self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, Fault> {
        let begin = std::mem::take(&mut self.beginning);
        let (schema, clock) = (self.schema, self.clock);
        // Pinned here, as what is handed on is kept twice.
        let asked = pin!(async {
            match &mut self.way {
                Way::Own(place) => match &mut **place {
                    Some(line) => line.query(schema, sql, params, begin).await,
                    None => Err(gone()),
                },
                Way::Pool(Some(client)) => {
                    let sql = schema.of(sql);
                    // It is large, as it may prepare the statement, what it seldom does.
                    let statement = Box::pin(client.prepare_cached(&sql)).await.map_err(|error| fault(&error))?;
                    ask(client, &statement, params, begin).await.map_err(|error| fault(&error))
                }
                Way::Pool(None) => Err(gone()),
                Way::Theirs(client) => {
                    Box::pin(client.query(&*schema.of(sql), params)).await.map_err(|error| fault(&error))
                }
            }
        });
        in_time(clock, self.until, asked).await
    }

    /// The row that a statement gives, if it gives one.
    pub(super) async fn query_opt(&mut self, sql: &'static str, params: Params<'_>) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Statements without parameters, as they are.
    pub(super) async fn run(&mut self, statements: &str) -> Result<(), Fault> {
        let clock = self.clock;
        let asked = pin!(async {
            match &mut self.way {
                Way::Own(place) => match &mut **place {
                    Some(line) => line.run(statements).await,
                    None => Err(gone()),
                },
                Way::Pool(Some(client)) => client.batch_execute(statements).await.map_err(|error| fault(&error)),
                Way::Pool(None) => Err(gone()),
                Way::Theirs(client) => client.batch_execute(statements).await.map_err(|error| fault(&error)),
            }
        });
        in_time(clock, self.until, asked).await
    }

    /// The next statement begins a transaction, unless this is one of somebody else's.
    pub(super) fn begin(&mut self) {
        self.beginning = !matches!(self.way, Way::Theirs(_));
    }

    /// Ends it, if there is one of ours.
    pub(super) async fn commit(&mut self) -> Result<(), Fault> {
        if matches!(self.way, Way::Theirs(_)) || std::mem::take(&mut self.beginning) {
            return Ok(());
        }
        self.run("COMMIT").await
    }

    /// Gives the connection back.
    pub(super) fn done(mut self) {
        self.done = true;
    }
}

/// What comes until a moment; from then on it is not awaited any more.
pub(super) async fn in_time<T>(
    clock: &Clock,
    until: Moment,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let done = first(pin!(work), clock.sleep_until(until)).await;
    done.unwrap_or_else(|| Err(Fault::passing("it does not answer")))
}

fn gone() -> Fault {
    Fault::passing("the connection was closed")
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        match &mut self.way {
            Way::Own(place) => **place = None,
            Way::Pool(client) => drop(client.take().map(|client| Object::take(*client))),
            Way::Theirs(_) => {}
        }
    }
}
