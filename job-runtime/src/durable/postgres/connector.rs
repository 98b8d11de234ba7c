//! How a connection is made, with whatever TLS somebody brought.

use std::pin::Pin;
use std::task::{Context, Poll};

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

/// Makes connections.
pub(super) trait Connector: Send + Sync {
    fn connect<'a>(&'a self, config: &'a Config) -> Connecting<'a>;

    /// Those of a pool, which are moved by tasks.
    fn manager(&self, config: Config) -> Manager;
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

    fn manager(&self, config: Config) -> Manager {
        Manager::from_config(config, self.0.clone(), ManagerConfig { recycling_method: RecyclingMethod::Fast })
    }
}

impl<T> Wire for Connection<Socket, T>
where
    T: tokio_postgres::tls::TlsStream + Unpin + Send,
{
    fn poll_message(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        Self::poll_message(self, task)
    }
}
