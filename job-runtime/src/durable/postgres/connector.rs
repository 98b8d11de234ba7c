//! How a connection is made, with whatever TLS somebody brought.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use deadpool_postgres::Connect;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

/// Makes connections.
pub(super) trait Connector: Send + Sync {
    fn connect<'a>(&'a self, config: &'a Config) -> Connecting<'a>;
}

pub(super) type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(Client, Box<dyn Wire>), Error>> + Send + 'a>>;

/// The part of a connection that carries what is asked and answered, while it is polled.
pub(super) trait Wire: Send {
    fn poll_message(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>>;
}

/// By TLS of some kind, or none.
pub(super) struct By<T>(pub(super) T);

impl<T> Connector for By<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect<'a>(&'a self, config: &'a Config) -> Connecting<'a> {
        let tls = self.0.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
            let wire: Box<dyn Wire> = Box::new(connection);
            Ok((client, wire))
        })
    }
}

/// Makes connections of a pool, which whoever comes may use, from whatever runtime, and which are moved by tasks.
pub(super) struct Shared {
    pub(super) connector: Arc<dyn Connector>,
    /// Where the work itself is done.
    pub(super) home: Arc<OnceLock<Handle>>,
}

/// A connection, and the task that moves it.
type Moved = (Client, JoinHandle<()>);

impl Connect for Shared {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Result<Moved, Error>> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            // Here, so that who puts a job in need not wait for another thread; but a runtime of one thread moves nothing
            // while nothing is awaited on it.
            let stands_still = Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread;
            if let Some(home) = self.home.get().filter(|_| stands_still) {
                // It ends where it is not awaited any more.
                let mut making = JoinSet::new();
                making.spawn_on(moved(Arc::clone(&self.connector), config.clone()), home);
                if let Some(Ok(made)) = making.join_next().await {
                    return made;
                }
            }
            moved(Arc::clone(&self.connector), config).await
        })
    }
}

/// A connection that is moved by a task of this runtime.
async fn moved(connector: Arc<dyn Connector>, config: Config) -> Result<Moved, Error> {
    let (client, mut wire) = connector.connect(&config).await?;
    #[expect(clippy::disallowed_methods, reason = "as the pool does, but where it goes on")]
    let moving = tokio::spawn(async move { while let Some(Ok(_)) = poll_fn(|task| wire.poll_message(task)).await {} });
    Ok((client, moving))
}

impl<T> Wire for Connection<Socket, T>
where
    T: tokio_postgres::tls::TlsStream + Unpin + Send,
{
    fn poll_message(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        Self::poll_message(self, task)
    }
}
