//! Hears what others change, and tells what is owed.

use std::time::Duration;

use super::Postgres;
use super::line::Line;
use super::notice::Told;
use crate::clock::{Moment, first};
use crate::durable::store::{Fault, Notice};

pub(super) const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// How often it is looked whether the connection is still there, on which mostly nothing comes.
const LOOK: Duration = Duration::from_secs(15);

/// What ended a wait.
enum Woken {
    Told(String),
    Time,
}

impl Postgres {
    /// Ends only with a fault.
    pub(super) async fn hear_all(&self) -> Result<(), Fault> {
        let mut line = self.lines.connect().await?;
        let channel = self.lines.schema.name().replace('"', "\"\"");
        // What is told here need not be on disk.
        let listen = format!("LISTEN \"{channel}\"; SET synchronous_commit = off");
        self.answered(line.run(&listen)).await?;
        // Before, nothing was heard.
        self.cursors().forget();
        let mut look = self.lines.clock.moment() + LOOK;
        loop {
            let owed = self.tell_owed(&mut line).await?;
            match self.wake(&mut line, owed.map_or(look, |owed| owed.min(look))).await? {
                Woken::Told(payload) => self.hear(&payload),
                Woken::Time if self.lines.clock.moment() >= look => {
                    self.answered(line.run("")).await?;
                    self.lines.close_spare();
                    look = self.lines.clock.moment() + LOOK;
                }
                Woken::Time => {}
            }
        }
    }

    /// Tells what is owed and due; when the next is.
    async fn tell_owed(&self, line: &mut Line) -> Result<Option<Moment>, Fault> {
        let (due, next) = self.bells.due(self.lines.clock.moment());
        for mut owing in due {
            let Some(from) = owing.from else { continue };
            let (channel, payload) = (self.lines.schema.name(), self.work(&owing.queue, from));
            let sent = async { line.query(&self.lines.schema, NOTIFY, &[&channel, &payload], false).await };
            self.answered(sent).await?;
            owing.from = None;
        }
        Ok(next)
    }

    /// Waits until something is told, or owed, or it is time.
    async fn wake(&self, line: &mut Line, until: Moment) -> Result<Woken, Fault> {
        let told = async { Some(line.hear().await) };
        let others = async {
            first(self.bells.owed(), self.lines.clock.sleep_until(until)).await;
        };
        match first(told, others).await.flatten() {
            Some(heard) => Ok(Woken::Told(heard?.payload().to_owned())),
            None => Ok(Woken::Time),
        }
    }

    async fn answered<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.lines.in_time(self.lines.clock.moment() + self.lines.patience.beat, work).await
    }

    /// Somebody told something: what this store tells it has told here already.
    fn hear(&self, payload: &str) {
        if let Some(told) = Told::read(payload).filter(|told| told.by != self.id) {
            self.tell_here(told.notice, told.from);
        }
    }

    /// Something changed: those who claim look for it, and whoever waits for it is told.
    pub(super) fn tell_here(&self, notice: Notice, from: i64) {
        match &notice {
            Notice::Work(queue) => self.cursors().told(queue, from),
            Notice::Paused => self.cursors().forget(),
            Notice::Cancel(_) | Notice::Ended(_) => {}
        }
        if let Some(listener) = self.listener.get() {
            listener(notice);
        }
    }

    fn work(&self, queue: &std::sync::Arc<str>, from: i64) -> String {
        Told { by: self.id, notice: Notice::Work(queue.clone()), from }.payload()
    }

    /// All that is owed, to be told at once.
    pub(super) fn owed_now(&self) -> Vec<String> {
        let owed = self.bells.all(self.lines.clock.moment());
        owed.into_iter().map(|(queue, from)| self.work(&queue, from)).collect()
    }
}
