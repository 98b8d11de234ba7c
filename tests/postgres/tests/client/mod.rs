//! A client of tokio-postgres, whose connection is driven by a task and whose notifications are kept.

use std::future::poll_fn;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Error, NoTls};

/// Connects, or says why it cannot.
pub async fn connect(url: &str) -> Result<Client, Error> {
    Ok(listen(url).await?.0)
}

/// Connects, and gives the payloads of the notifications too.
#[expect(clippy::disallowed_methods, reason = "a task of the program, which is no job")]
pub async fn listen(url: &str) -> Result<(Client, UnboundedReceiver<String>), Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let (sender, notifications) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = sender.send(notification.payload().to_owned());
            }
        }
    });
    Ok((client, notifications))
}
