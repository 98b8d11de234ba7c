//! Joining a transaction of `rusqlite`.

use std::any::Any;
use std::future::{Ready, ready};

use rusqlite::{Connection, Savepoint, Transaction};

use super::Sqlite;
use super::fault::fault;
use super::micros::micros;
use super::table::Table;
use crate::durable::order::{Taken, answered};
use crate::durable::store::{Fault, Inserted};
use crate::durable::within::{Insertion, Joined, Put, Within, sealed};
use crate::error::Result;

/// What is reached through a connection, which is one of `rusqlite`.
pub trait Through: Within {
    #[doc(hidden)]
    fn connection(&self) -> &Connection;
}

macro_rules! join {
    ($($transaction:ty),*) => {$(
        impl sealed::Sealed for $transaction {}

        impl Within for $transaction {
            type Put<'t>
                = Ready<Put>
            where
                Self: 't;

            fn put(&mut self, jobs: Insertion) -> Ready<Put> {
                ready(Put(put(self, &jobs)))
            }
        }

        impl Through for $transaction {
            fn connection(&self) -> &Connection {
                self
            }
        }
    )*};
}
// A connection is what a function of the program's takes that does not care who began the transaction.
join!(Transaction<'_>, Savepoint<'_>, Connection, &Connection);

impl<X: Through, O: Taken> Joined<'_, X, O> {
    /// Puts the job in without awaiting: for code that blocks, as that which uses `rusqlite` does.
    ///
    /// The job starts soon after the transaction is committed, as a process that looks for work waits then for the file
    /// to be free; and it is as safe as the transaction, which follows the settings of your connection, `synchronous`
    /// among them. While a transaction that has written is open, nothing else is written to the file: not by this
    /// runtime either, so do not await another `enqueue` in between.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// fn sign_up(
    ///     connection: &mut rusqlite::Connection,
    ///     mail: job_runtime::Enqueue<()>,
    /// ) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut transaction = connection.transaction()?;
    ///     transaction.execute("INSERT INTO account (name) VALUES ('Ada')", [])?;
    ///     mail.within(&mut transaction).now()?;
    ///     transaction.commit()?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`Enqueue`](crate::Enqueue); also when the transaction is not one of the file that is the store of this
    /// runtime, or none is open on the connection.
    pub fn now(self) -> Result<O> {
        let (insertion, transaction) = self.into_parts()?;
        answered(&*insertion.store, put(transaction.connection(), &insertion)).and_then(O::taken)
    }
}

fn put(db: &Connection, insertion: &Insertion) -> std::result::Result<Vec<Inserted>, Fault> {
    let store: &dyn Any = &*insertion.store;
    let store = store.downcast_ref::<Sqlite>();
    let store = store.ok_or_else(|| Fault::mistake("it is no file of SQLite, and the transaction is one of SQLite"))?;
    let in_words = |error| fault(store.file.path(), &error);
    if db.is_autocommit() {
        return Err(Fault::mistake("no transaction is open on the connection"));
    }
    if !has(db, store).map_err(in_words)? {
        return Err(Fault::mistake("the transaction is one of another file"));
    }
    let mut table = Table::new(db);
    let inserted = all_or_none(&mut table, insertion).map_err(in_words)?;
    // Who looks for work waits until the transaction is over, as it keeps the file locked.
    store.listeners.tell(table.notices);
    Ok(inserted)
}

/// Whether a connection has the file of a store open.
fn has(db: &Connection, store: &Sqlite) -> rusqlite::Result<bool> {
    let mut files = db.prepare("PRAGMA database_list")?;
    let mut rows = files.query([])?;
    while let Some(row) = rows.next()? {
        let file: Option<String> = row.get(2)?;
        if file.is_some() && file.as_deref() == store.file.name() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all_or_none(table: &mut Table<'_>, Insertion { jobs, now, .. }: &Insertion) -> rusqlite::Result<Vec<Inserted>> {
    let db = table.db;
    db.execute_batch("SAVEPOINT job_runtime")?;
    let inserted = table.insert(jobs, micros(*now));
    db.execute_batch(match inserted {
        Ok(_) => "RELEASE job_runtime",
        Err(_) => "ROLLBACK TO job_runtime; RELEASE job_runtime",
    })?;
    inserted
}
