//! A connection that one call at a time uses, and that is moved by that call: no task does it, so none is left behind.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Error, Notification, Row, Statement};

use super::connector::Wire;
use super::fault::fault;
use super::schema::Schema;
use crate::durable::store::Fault;

/// What is given to a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection with what is prepared on it.
pub(super) struct Line {
    client: Client,
    wire: Box<dyn Wire>,
    statements: HashMap<&'static str, Statement>,
    /// What was heard meanwhile.
    heard: VecDeque<Notification>,
}

impl Line {
    pub(super) fn new((client, wire): (Client, Box<dyn Wire>)) -> Self {
        Self { client, wire, statements: HashMap::new(), heard: VecDeque::new() }
    }

    /// Statements without parameters.
    pub(super) async fn run(&mut self, statements: &str) -> Result<(), Fault> {
        drive(&mut *self.wire, &mut self.heard, pin!(self.client.batch_execute(statements))).await
    }

    pub(super) async fn query(
        &mut self,
        schema: &Schema,
        sql: &'static str,
        params: Params<'_>,
        begin: bool,
    ) -> Result<Vec<Row>, Fault> {
        let Self { client, wire, statements, heard } = self;
        let statement = if let Some(statement) = statements.get(sql) {
            statement.clone()
        } else {
            let statement = drive(&mut **wire, heard, Box::pin(client.prepare(&schema.of(sql))).as_mut()).await?;
            statements.insert(sql, statement.clone());
            statement
        };
        drive(&mut **wire, heard, pin!(ask(client, &statement, params, begin))).await
    }

    /// Whether the other end has not ended it, as far as it has been heard.
    pub(super) async fn is_open(&mut self) -> bool {
        let heard = poll_fn(|task| Poll::Ready(self.wire.poll_message(task))).await;
        !matches!(heard, Poll::Ready(None | Some(Err(_))))
    }

    /// Waits for something that was not asked for.
    ///
    /// # Cancel safety
    /// Safe.
    pub(super) async fn hear(&mut self) -> Result<Notification, Fault> {
        loop {
            if let Some(first) = self.heard.pop_front() {
                return Ok(first);
            }
            match poll_fn(|task| self.wire.poll_message(task)).await {
                Some(Ok(AsyncMessage::Notification(notification))) => return Ok(notification),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(fault(&error)),
                None => return Err(closed()),
            }
        }
    }
}

fn closed() -> Fault {
    Fault::passing("the connection was closed")
}

/// Asks, and begins a transaction before in the same go.
pub(super) async fn ask(
    client: &Client,
    statement: &Statement,
    params: Params<'_>,
    begin: bool,
) -> Result<Vec<Row>, Error> {
    if !begin {
        return client.query(statement, params).await;
    }
    let (started, rows) = both(pin!(client.batch_execute("BEGIN")), pin!(client.query(statement, params))).await;
    started?;
    rows
}

/// Awaits both; what the left one sends is sent first.
async fn both<A, B>(
    mut left: Pin<&mut impl Future<Output = A>>,
    mut right: Pin<&mut impl Future<Output = B>>,
) -> (A, B) {
    let (mut one, mut other) = (None, None);
    poll_fn(|task| {
        if one.is_none()
            && let Poll::Ready(done) = left.as_mut().poll(task)
        {
            one = Some(done);
        }
        if other.is_none()
            && let Poll::Ready(done) = right.as_mut().poll(task)
        {
            other = Some(done);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (left, right) => {
                (one, other) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}

/// Awaits an answer, and moves the connection meanwhile.
async fn drive<T>(
    wire: &mut dyn Wire,
    heard: &mut VecDeque<Notification>,
    mut work: Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Result<T, Fault> {
    poll_fn(|task| {
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(task) {
                return Poll::Ready(done.map_err(|error| fault(&error)));
            }
            let end = match wire.poll_message(task) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(AsyncMessage::Notification(notification)))) => {
                    heard.push_back(notification);
                    continue;
                }
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(error))) => fault(&error),
                Poll::Ready(None) => closed(),
            };
            // The last that was said says more than that there is no more.
            return Poll::Ready(match work.as_mut().poll(task) {
                Poll::Ready(done) => done.map_err(|error| if error.is_closed() { end } else { fault(&error) }),
                Poll::Pending => Err(end),
            });
        }
    })
    .await
}
