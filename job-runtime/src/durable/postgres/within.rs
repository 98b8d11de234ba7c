//! Putting jobs in with a transaction of the caller's, of the drivers that this store is made with.

use std::any::Any;
use std::pin::Pin;

use super::Postgres;
use super::insert::{Telling, put};
use crate::durable::store::{Fault, Inserted, Store};
use crate::durable::within::{Insertion, Put, Within, sealed::Sealed};

pub(super) type Putting<'t> = Pin<Box<dyn Future<Output = Put> + Send + 't>>;

macro_rules! join {
    ($($transaction:ty),*) => {$(
        impl Sealed for $transaction {}

        impl Within for $transaction {
            type Put<'t>
                = Putting<'t>
            where
                Self: 't;

            fn put(&mut self, jobs: Insertion) -> Self::Put<'_> {
                let client = self.client();
                Box::pin(async move { Put(put_with(client, &jobs).await) })
            }
        }
    )*};
}
// A reference is what a function of the program's takes that does not end the transaction.
join!(tokio_postgres::Transaction<'_>, &tokio_postgres::Transaction<'_>);
join!(deadpool_postgres::Transaction<'_>, &deadpool_postgres::Transaction<'_>);

/// The store that is meant, if it is one of PostgreSQL.
pub(super) fn meant(store: &dyn Store) -> Result<&Postgres, Fault> {
    let any: &dyn Any = store;
    any.downcast_ref().ok_or_else(|| Fault::mistake("it is no database of PostgreSQL, as that of the transaction is"))
}

async fn put_with(
    client: &tokio_postgres::Client,
    Insertion { store, jobs, .. }: &Insertion,
) -> Result<Vec<Inserted>, Fault> {
    let postgres = meant(&**store)?;
    let telling = Telling::at_commit(postgres.lines.schema.name(), &jobs.queue);
    let mut session = postgres.lines.theirs(client);
    let (inserted, _) = put(&mut session, jobs, &telling).await?;
    Ok(inserted)
}
