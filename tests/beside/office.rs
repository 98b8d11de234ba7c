//! A job that is put in, and a runtime that tells what was sent: for the tests of transactions, also those of `tests/tests/joined`.

use std::time::Duration;

use job_runtime::{Runtime, job, run_all};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

#[job(queue = "mail")]
pub(crate) async fn welcome_mail(name: String, sent: &UnboundedSender<String>) {
    let _ = sent.send(name);
}

/// A runtime, and what it sends.
pub(crate) struct Office {
    pub(crate) runtime: Runtime,
    sent: UnboundedReceiver<String>,
}

impl Office {
    pub(crate) async fn open(store: &str) -> Self {
        let (sends, sent) = unbounded_channel();
        Self { runtime: run_all().data(sends).store(store).start().await.expect("it starts"), sent }
    }

    /// The next that is sent.
    pub(crate) async fn next(&mut self) -> String {
        let next = timeout(Duration::from_secs(60), self.sent.recv()).await;
        next.expect("it was put in, so it is sent").expect("the runtime is there")
    }

    /// So many that were sent, in the order of the alphabet.
    pub(crate) async fn sorted<const N: usize>(&mut self) -> [String; N] {
        let mut sent = [const { String::new() }; N];
        for name in &mut sent {
            *name = self.next().await;
        }
        sent.sort();
        sent
    }

    /// How many jobs the store knows of, whatever became of them.
    pub(crate) async fn count(&self) -> usize {
        let mail = self.runtime.queue("mail").expect("there is a store");
        mail.jobs(None, 100).await.expect("it answers").len()
    }

    pub(crate) async fn close(self) {
        self.runtime.shutdown().await.expect("in order");
    }
}
