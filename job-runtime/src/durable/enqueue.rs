//! Putting a job into its queue: [`Enqueue`].

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::order::{Enqueued, Order, Taken};
use super::row::Due;
use super::within::{Joined, Within};
use crate::duration::{IntoDuration, Setting};
use crate::error::{Error, Result};
use crate::job::{Job, Options, PRIORITIES};
use crate::policy::unique::UniqueFor;

/// A job that is about to be put into its queue, from `enqueue` of the type beside a function; or several, from
/// `enqueue_all`. Awaiting it puts it in.
///
/// What has been answered stays, whatever becomes of this process, or of the store's, from then on. See
/// [`guide::queues`](crate::guide::queues) for all there is to say of jobs in queues.
///
/// ```standalone_crate
/// use job_runtime::{StoreConfig, job};
///
/// #[job(queue = "mail", max_attempts = 20)]
/// async fn welcome_mail(user_id: u64) {
///     println!("welcome, {user_id}");
/// }
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// # let runtime = job_runtime::run_all().store(StoreConfig::memory()).start().await?;
/// welcome_mail::enqueue(7).await?;
/// let later = welcome_mail::enqueue(8).after("5m").priority(1).unique_for("1h");
/// assert!(later.await?.is_new);
/// let all = welcome_mail::enqueue_all([9, 10]).await?;
/// assert_eq!(all.len(), 2);
/// # runtime.shutdown().await
/// # }
/// ```
///
/// `R` is what the function returns, and `O` what awaiting gives: an [`Enqueued`], or one for each job.
///
/// # Errors
/// [`Error::is_configuration`] when a setter was given what it does not take, or the arguments cannot be written as
/// JSON; [`Error::is_unavailable`] when the store did not answer; [`Error::is_refused`] when no runtime is there, or the
/// job was removed from it. Of several jobs all are put in, or none.
///
/// # Cancel safety
/// When the future is dropped after it was polled, the job may have been put in, or not. To be sure, try again with a
/// [`unique_key`](Self::unique_key).
#[must_use = "nothing is enqueued until it is awaited"]
pub struct Enqueue<R, O = Enqueued> {
    order: Result<Order>,
    kind: PhantomData<fn() -> (R, O)>,
}

impl<R, O> Enqueue<R, O> {
    /// The job with its arguments as JSON, as each of them was written.
    pub(crate) fn new(job: Result<Arc<Job>>, args: impl Iterator<Item = std::result::Result<String, String>>) -> Self {
        Self { order: job.and_then(|job| Order::new(job, args)), kind: PhantomData }
    }

    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn into_order(self) -> Result<Order> {
        self.order
    }

    /// Runs it no sooner than after this delay, counted by the store's clock. Of this and [`at`](Self::at) the last one
    /// counts.
    pub fn after(self, delay: impl IntoDuration) -> Self {
        self.set(|order| {
            order.jobs.due = Due::After(delay.into_duration()?);
            Ok(())
        })
    }

    /// Runs it no sooner than at this time, by the store's clock; at once where that is past.
    pub fn at(self, time: SystemTime) -> Self {
        self.set(|order| {
            order.jobs.due = Due::At(time);
            Ok(())
        })
    }

    /// Its place among those of its queue, from 0, which goes first, to 9; else it is that of the attribute.
    pub fn priority(self, priority: u32) -> Self {
        self.set(|order| {
            if !PRIORITIES.contains(&priority) {
                return Err(Error::configuration(
                    "`priority`: takes a number from 0, the most urgent, to 9".to_owned(),
                ));
            }
            order.jobs.priority = priority;
            Ok(())
        })
    }

    /// Keeps the same job out for so long from now, or as long as it is `"unfinished"`: another one of this function
    /// with equal arguments, or with the same [`unique_key`](Self::unique_key). One that was cancelled or discarded keeps
    /// none out.
    ///
    /// Arguments are compared as they are written, maps whatever their order. A set is a list there: take one that has
    /// an order, as `BTreeSet` has and `HashSet` has not.
    #[expect(clippy::needless_pass_by_value, reason = "a text or a duration, as everywhere")]
    pub fn unique_for(self, length: impl IntoDuration) -> Self {
        self.set(|order| {
            order.unique_for = Some(Options::unique_for(length.as_setting())?);
            Ok(())
        })
    }

    /// What makes another job of this function the same, instead of its arguments; as long as it is unfinished, unless
    /// [`unique_for`](Self::unique_for) is set too.
    pub fn unique_key(self, key: impl fmt::Display) -> Self {
        self.set(|order| {
            order.key = Some(key.to_string());
            order.unique_for.get_or_insert(UniqueFor::Unfinished);
            Ok(())
        })
    }

    /// What becomes of it when the same is there:
    ///
    /// * `"skip"`: it is dropped. The default.
    /// * `"replace"`: its arguments, time and priority are given to the one that is there, as long as that waits.
    /// * `"debounce"`: its time is given to the one that is there, as long as that waits.
    pub fn on_conflict(self, rule: &str) -> Self {
        self.set(|order| {
            order.on_conflict = Some(Options::on_conflict(Setting::Text(rule))?);
            Ok(())
        })
    }

    fn set(mut self, change: impl FnOnce(&mut Order) -> Result<()>) -> Self {
        if let Ok(order) = &mut self.order
            && let Err(error) = change(order)
        {
            self.order = Err(error);
        }
        self
    }
}

impl<R, O: Taken> Enqueue<R, O> {
    /// Puts it in as a part of a transaction of yours: it is there when that is committed, and never if it is not. The
    /// transaction is one of the database that is the store of this runtime.
    ///
    /// Taken are transactions and savepoints of `tokio-postgres`, `deadpool-postgres` and `rusqlite`, and with the
    /// features `sqlx-0_8` and `sqlx-0_9` those of `sqlx` in PostgreSQL. A `&Transaction` of the first two, a
    /// `Connection` or `&Connection` of `rusqlite` and a `PgConnection` of `sqlx` are taken too, so that a function can
    /// enqueue which was given no more; without a transaction that is open they are refused.
    ///
    /// ```
    /// # #[cfg(feature = "postgres")]
    /// async fn sign_up(
    ///     client: &mut tokio_postgres::Client,
    ///     mail: job_runtime::Enqueue<()>, // such as `welcome_mail::enqueue(7).after("5m")`
    /// ) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut transaction = client.transaction().await?;
    ///     transaction.execute("INSERT INTO account (name) VALUES ('Ada')", &[]).await?;
    ///     mail.within(&mut transaction).await?;
    ///     transaction.commit().await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// With `rusqlite`, which blocks, it is `.within(&mut transaction).now()?`.
    ///
    /// # Errors
    /// Awaiting it gives those of [`Enqueue`]; [`Error::is_configuration`] also when the transaction is of another kind of
    /// database than the store, or of another file, or none is open. After an error of PostgreSQL the transaction can only be rolled back.
    ///
    /// # Cancel safety
    /// When the future is dropped after it was polled, the job may be part of the transaction, or not: roll it back.
    pub fn within<X: Within>(self, transaction: &mut X) -> Joined<'_, X, O> {
        Joined::new(self.order.and_then(Order::complete), transaction)
    }
}

impl<R, O: Taken> IntoFuture for Enqueue<R, O> {
    type Output = Result<O>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<O>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { O::taken(self.order?.put_in().await?) })
    }
}

impl<R, O> fmt::Debug for Enqueue<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Enqueue");
        match &self.order {
            Ok(order) => shown.field("job", &order.jobs.name).field("queue", &order.jobs.queue),
            Err(error) => shown.field("error", error),
        };
        shown.finish_non_exhaustive()
    }
}
