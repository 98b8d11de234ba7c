//! The connections: one of its own for each thing that must not wait for another, and a pool for those who put jobs in
//! and look at them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool_postgres::{
    BuildError, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, QueueMode, RecyclingMethod, Runtime,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config};

use super::address::Address;
use super::connector::{Connector, Shared};
use super::fault::fault;
use super::line::Line;
use super::schema::Schema;
use super::session::{Session, Way, in_time};
use crate::clock::{Clock, Moment};
use crate::durable::store::Fault;

/// How long an answer is awaited, one about a lease is, and a connection is; and after how long one that nobody needed is
/// closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) answer: Duration,
    pub(super) beat: Duration,
    pub(super) connect: Duration,
    pub(super) spare: Duration,
}

impl Patience {
    pub(super) const USUAL: Self = Self {
        answer: Duration::from_secs(10),
        beat: Duration::from_secs(5),
        connect: Duration::from_secs(3),
        spare: Duration::from_secs(60),
    };
}

/// How many connections those who put jobs in and look at them share at most. What commits at the same time goes to the
/// disk together, so that more of them do more.
const POOL: usize = 10;

/// For whoever uses them, whatever the settings of the database or the role are. The server gives up what takes too long
/// as we do, and what a process that was stopped in the middle of a transaction has locked.
pub(super) const SETTINGS: &str = "SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off;
    SET statement_timeout = '10s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '5s';
    SET jit = off";
/// For the statements of the work itself: the plans that were made for them, however old the statistics of the planner are.
pub(super) const PLANS: &str = "SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_bitmapscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET enable_material = off";

/// What a connection of its own is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Post {
    Claims,
    Ends,
    Lease,
    Ticks,
}

/// All connections of a store. None is made before it is needed.
pub(super) struct Lines {
    config: Config,
    connector: Arc<dyn Connector>,
    pub(super) schema: Schema,
    pub(super) clock: Clock,
    pub(super) patience: Patience,
    pool: Result<Pool, String>,
    claims: Arc<Mutex<Option<Line>>>,
    ends: Arc<Mutex<Option<Line>>>,
    lease: Arc<Mutex<Option<Line>>>,
    ticks: Arc<Mutex<Option<Line>>>,
    /// Where the work itself is done: only there the connections above are used, as they live with that runtime.
    home: Arc<OnceLock<Handle>>,
}

impl Lines {
    pub(super) fn new(Address { mut config, schema, connector }: Address, patience: Patience) -> Self {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(patience.connect);
        }
        let home = Arc::default();
        let shared = Shared { connector: Arc::clone(&connector), home: Arc::clone(&home) };
        let pool = pool(config.clone(), shared, patience).map_err(|error| error.to_string());
        let [claims, ends, lease, ticks] = std::array::from_fn(|_| Arc::default());
        let clock = Clock::real();
        Self { config, connector, schema, clock, patience, pool, claims, ends, lease, ticks, home }
    }

    /// From now on the work is done on this runtime.
    pub(super) fn settle_here(&self) {
        let _ = self.home.set(Handle::current());
    }

    /// A connection for one call: that of the post, or one of the pool for who calls from elsewhere.
    pub(super) async fn at(&self, post: Post) -> Result<Session<'_>, Fault> {
        self.within(post, self.patience.answer).await
    }

    pub(super) async fn within(&self, post: Post, limit: Duration) -> Result<Session<'_>, Fault> {
        if self.home.get().map(Handle::id) != Some(Handle::current().id()) {
            return self.pooled().await;
        }
        let until = self.clock.moment() + limit;
        let place = match post {
            Post::Claims => &self.claims,
            Post::Ends => &self.ends,
            Post::Lease => &self.lease,
            Post::Ticks => &self.ticks,
        };
        let mut place = self.in_time(until, async { Ok(Arc::clone(place).lock_owned().await) }).await?;
        let is_open = match &mut *place {
            Some(line) => line.is_open().await,
            None => false,
        };
        if !is_open {
            *place = None;
            *place = Some(self.in_time(until, self.connect()).await?);
        }
        Ok(self.session(until, Way::Own(place)))
    }

    /// One of the pool.
    pub(super) async fn pooled(&self) -> Result<Session<'_>, Fault> {
        let until = self.clock.moment() + self.patience.answer;
        let pool = self.pool.as_ref().map_err(Fault::lasting)?;
        let client = self.in_time(until, async { pool.get().await.map_err(|error| of_pool(&error)) }).await?;
        Ok(self.session(until, Way::Pool(Some(Box::new(client)))))
    }

    /// Closes those of the pool that nobody needs any more, but for one.
    pub(super) fn close_spare(&self) {
        if let Ok(pool) = &self.pool {
            let mut is_last = true;
            pool.retain(|_, used| std::mem::take(&mut is_last) || used.last_used() < self.patience.spare);
        }
    }

    /// A new connection of the caller's own.
    pub(super) async fn connect(&self) -> Result<Line, Fault> {
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        let each = self.config.get_connect_timeout().copied().unwrap_or(self.patience.connect);
        let until = self.clock.moment() + each * u32::try_from(hosts).unwrap_or(1);
        let connecting = async {
            let parts = self.connector.connect(&self.config).await.map_err(|error| fault(&error))?;
            let mut line = Line::new(parts);
            line.run(SETTINGS).await?;
            line.run(PLANS).await?;
            Ok(line)
        };
        self.in_time(until, connecting).await
    }

    /// A transaction of a caller's, who has as long as it takes.
    pub(super) fn theirs<'s>(&'s self, client: &'s Client) -> Session<'s> {
        self.session(Moment::NEVER, Way::Theirs(client))
    }

    fn session<'s>(&'s self, until: Moment, way: Way<'s>) -> Session<'s> {
        Session::new(&self.schema, &self.clock, until, way)
    }

    /// What comes until a moment; from then on it is not awaited any more.
    pub(super) async fn in_time<T>(
        &self,
        until: Moment,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        in_time(&self.clock, until, work).await
    }
}

fn pool(config: Config, shared: Shared, patience: Patience) -> Result<Pool, BuildError> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(config, shared, manager);
    let settings = Hook::async_fn(|client, _| {
        let client: &mut deadpool_postgres::ClientWrapper = client;
        Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(POOL)
        // As few of them as are needed are used.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(patience.answer))
        .create_timeout(Some(patience.answer))
        .recycle_timeout(Some(patience.connect))
        .post_create(settings)
        .build()
}

fn of_pool(error: &PoolError) -> Fault {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => fault(error),
        PoolError::Timeout(_) => Fault::passing("no connection was free, or could be made, in time"),
        PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Fault::passing(error),
    }
}
