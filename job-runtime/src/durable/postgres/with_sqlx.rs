//! Putting jobs in with a transaction of sqlx, of whatever version.

/// All of it, for a version of sqlx; `statement` makes of a text what that version asks by.
macro_rules! joins {
    ($sqlx:ident) => {
        use $sqlx::postgres::{PgConnection, PgRow};
        use $sqlx::{Connection, Postgres, Row, Transaction};

        use crate::durable::postgres::batch::{Batch, Keys, MEET, Meeting, PUT, PUT_KEYED, PUT_ONE};
        use crate::durable::postgres::fault::by_code;
        use crate::durable::postgres::insert::{Door, Telling, put};
        use crate::durable::postgres::notice::BEGINNING;
        use crate::durable::postgres::schema::Schema;
        use crate::durable::postgres::within::{Putting, meant};
        use crate::durable::store::{Fault, Inserted};
        use crate::durable::within::{Insertion, Put, Within, sealed::Sealed};

        impl Sealed for Transaction<'_, Postgres> {}

        impl Within for Transaction<'_, Postgres> {
            type Put<'t>
                = Putting<'t>
            where
                Self: 't;

            fn put(&mut self, jobs: Insertion) -> Self::Put<'_> {
                (**self).put(jobs)
            }
        }

        // It is what a function of the program's takes that does not care who began the transaction.
        impl Sealed for PgConnection {}

        impl Within for PgConnection {
            type Put<'t>
                = Putting<'t>
            where
                Self: 't;

            fn put(&mut self, jobs: Insertion) -> Self::Put<'_> {
                Box::pin(async move { Put(put_with(self, &jobs).await) })
            }
        }

        async fn put_with(connection: &mut PgConnection, insertion: &Insertion) -> Result<Vec<Inserted>, Fault> {
            let Insertion { store, jobs, .. } = insertion;
            let schema = &meant(&**store)?.lines.schema;
            if !connection.is_in_transaction() {
                return Err(Fault::mistake("no transaction was begun with `begin` on the connection"));
            }
            let telling = Telling::at_commit(schema.name(), &jobs.queue);
            let (inserted, _) = put(&mut Joining { connection, schema }, jobs, &telling).await?;
            Ok(inserted)
        }

        struct Joining<'c> {
            connection: &'c mut PgConnection,
            schema: &'c Schema,
        }

        /// A statement that puts rows in with these arguments, with its parameters but for those of the keys.
        macro_rules! ask {
            ($sql:expr, $batch:expr, $args:expr, $telling:expr) => {
                $sqlx::query(statement($sql))
                    .bind($batch.queue)
                    .bind($batch.name)
                    .bind($batch.priority)
                    .bind($batch.max_attempts)
                    .bind($batch.delay)
                    .bind($batch.at)
                    .bind($args)
                    .bind($telling.channel)
                    .bind($telling.by)
                    .bind($telling.owed)
            };
        }

        impl Door for Joining<'_> {
            async fn put(&mut self, batch: &Batch<'_>, telling: &Telling<'_>) -> Result<(Vec<i64>, i64), Fault> {
                let sql;
                let asked = match batch.args.as_slice() {
                    [args] => {
                        sql = self.schema.of(PUT_ONE);
                        ask!(&sql, batch, *args, telling)
                    }
                    args => {
                        sql = self.schema.of(PUT);
                        ask!(&sql, batch, args, telling)
                    }
                };
                let rows = asked.fetch_all(&mut *self.connection).await.map_err(fault)?;
                let ids = rows.iter().map(|row| row.try_get(0).map_err(fault)).collect::<Result<_, _>>()?;
                Ok((ids, from(&rows)?))
            }

            async fn put_keyed(
                &mut self,
                batch: &Batch<'_>,
                keys: &Keys<'_>,
                telling: &Telling<'_>,
            ) -> Result<(Vec<Inserted>, i64), Fault> {
                let sql = self.schema.of(PUT_KEYED);
                let asked = ask!(&sql, batch, &batch.args, telling).bind(&keys.texts).bind(keys.lasts);
                let rows = asked.fetch_all(&mut *self.connection).await.map_err(fault)?;
                let kept = rows.iter().map(|row| Ok(Inserted { id: row.try_get(0)?, new: row.try_get(2)? }));
                Ok((kept.collect::<Result<_, _>>().map_err(fault)?, from(&rows)?))
            }

            async fn meet(&mut self, batch: &Batch<'_>, meeting: &Meeting<'_>) -> Result<(), Fault> {
                let sql = self.schema.of(MEET);
                let asked = $sqlx::query(statement(&sql))
                    .bind(&meeting.ids)
                    .bind(&meeting.args)
                    .bind(batch.priority)
                    .bind(batch.delay)
                    .bind(batch.at)
                    .bind(meeting.replaces);
                asked.execute(&mut *self.connection).await.map(drop).map_err(fault)
            }
        }

        fn from(rows: &[PgRow]) -> Result<i64, Fault> {
            rows.first().map_or(Ok(BEGINNING), |row| row.try_get(1).map_err(fault))
        }

        fn fault(error: $sqlx::Error) -> Fault {
            match error.as_database_error() {
                Some(said) => by_code(&said.code().unwrap_or_default(), said.message().to_owned()),
                None if matches!(error, $sqlx::Error::Io(_)) => Fault::passing(error),
                None => Fault::lasting(error),
            }
        }
    };
}
pub(super) use joins;
