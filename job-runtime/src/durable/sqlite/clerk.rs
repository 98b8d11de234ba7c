//! A thread that has the file open. Commands that have come in while it was at work are done in one transaction, and are
//! answered when that is on the disk.

use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::{Connection, Result};
use tokio::sync::oneshot;

use super::command::{Command, command};
use super::fault::Failure;
use super::file::{File, Identity};
use super::migration::migrate;
use super::table::Table;
use crate::durable::store::{Asked, Fault, Listener, Notice, Versions};
use crate::panics::held;

/// How many commands are done in one transaction at most.
const TOGETHER: usize = 256;

/// What a clerk does with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Write,
    Read,
}

impl Duty {
    const fn thread(self) -> &'static str {
        match self {
            Self::Write => "job-sqlite",
            Self::Read => "job-sqlite-read",
        }
    }

    const fn begin(self) -> &'static str {
        match self {
            Self::Write => "BEGIN IMMEDIATE",
            Self::Read => "BEGIN",
        }
    }
}

/// Where commands are handed in. The thread begins with the first of them, and ends when this is dropped.
pub(super) struct Clerk {
    duty: Duty,
    file: Arc<File>,
    listeners: Arc<Listeners>,
    messages: Mutex<Option<Sender<Message>>>,
}

/// Who is told what changed.
#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Listener>>);

enum Message {
    Migrate(i64, oneshot::Sender<Result<Versions, Fault>>),
    Do(Box<dyn Command>),
    Close(oneshot::Sender<Result<(), Fault>>),
}

impl Clerk {
    pub(super) fn new(duty: Duty, file: &Arc<File>, listeners: &Arc<Listeners>) -> Self {
        Self { duty, file: Arc::clone(file), listeners: Arc::clone(listeners), messages: Mutex::default() }
    }

    /// Has something done, in a transaction.
    pub(super) fn ask<'a, T, F>(&self, act: F) -> Asked<'a, T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Table<'_>) -> Result<T> + Send + 'static,
    {
        let (command, answer) = command(act);
        self.hand_in(Message::Do(command), answer)
    }

    /// Has the schema brought up to date.
    pub(super) fn migrate<'a>(&self, now: i64) -> Asked<'a, Versions> {
        let (caller, answer) = oneshot::channel();
        self.hand_in(Message::Migrate(now, caller), answer)
    }

    /// Has the file closed, if it is open.
    pub(super) fn close<'a>(&self) -> Asked<'a, ()> {
        if self.messages.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Box::pin(std::future::ready(Ok(())));
        }
        let (caller, answer) = oneshot::channel();
        self.hand_in(Message::Close(caller), answer)
    }

    fn hand_in<'a, T: Send + 'a>(&self, message: Message, answer: oneshot::Receiver<Result<T, Fault>>) -> Asked<'a, T> {
        let sent = self.send(message);
        let lost = || Fault::passing("the thread that had the file open is gone");
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(lost()))
        })
    }

    fn send(&self, message: Message) -> Result<(), Fault> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let message = match &*messages {
            Some(open) => match open.send(message) {
                Ok(()) => return Ok(()),
                // It panicked, against all care.
                Err(SendError(message)) => message,
            },
            None => message,
        };
        let open = messages.insert(self.begin()?);
        open.send(message).map_err(|_| Fault::passing("the thread that has the file open ended at once"))
    }

    fn begin(&self) -> Result<Sender<Message>, Fault> {
        let (open, messages) = channel();
        let (file, listeners) = (Arc::clone(&self.file), Arc::clone(&self.listeners));
        let desk = Desk { db: None, opened: None, duty: self.duty, file, listeners };
        let thread = thread::Builder::new().name(self.duty.thread().to_owned()).spawn(move || desk.attend(&messages));
        thread.map_err(|error| Fault::passing(format!("the system gives no thread for it: {error}")))?;
        Ok(open)
    }
}

impl Listeners {
    pub(super) fn add(&self, listener: Listener) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub(super) fn tell(&self, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for notice in notices {
            for listener in &listeners {
                let _ = held(|| listener(notice.clone()));
            }
        }
    }
}

/// What the thread has.
struct Desk {
    db: Option<Connection>,
    /// Which file that is.
    opened: Option<Identity>,
    duty: Duty,
    file: Arc<File>,
    listeners: Arc<Listeners>,
}

impl Desk {
    fn attend(mut self, messages: &Receiver<Message>) {
        let mut next = None;
        while let Some(message) = next.take().or_else(|| messages.recv().ok()) {
            match message {
                Message::Migrate(now, caller) => drop(caller.send(self.migrate(now))),
                Message::Close(caller) => {
                    self.db = None;
                    let _ = caller.send(Ok(()));
                }
                Message::Do(first) => {
                    let mut commands = vec![first];
                    next = gather(&mut commands, messages);
                    self.serve(commands);
                }
            }
        }
    }

    fn migrate(&mut self, now: i64) -> Result<Versions, Fault> {
        let db = match self.db.take() {
            Some(db) => db,
            None => self.file.create()?,
        };
        self.opened = self.file.identity();
        let versions = migrate(&db, &self.file, now)?;
        self.db = Some(db);
        Ok(versions)
    }

    /// Does commands together, and answers each of them.
    fn serve(&mut self, mut commands: Vec<Box<dyn Command>>) {
        commands.retain(|command| command.is_awaited());
        let done = self.transact(&mut commands);
        let nothing = match done {
            Ok(notices) => {
                self.listeners.tell(notices);
                None
            }
            Err(fault) => Some(fault),
        };
        for command in commands {
            command.answer(nothing.as_ref());
        }
    }

    fn transact(&mut self, commands: &mut [Box<dyn Command>]) -> Result<Vec<Notice>, Fault> {
        let is_in_place = self.opened.is_some() && self.opened == self.file.identity();
        let db = if let Some(db) = self.db.take().filter(|_| is_in_place) {
            db
        } else {
            let db = self.file.open()?;
            self.opened = self.file.identity();
            db
        };
        let begun = self.file.patiently(|| db.prepare_cached(self.duty.begin())?.execute([]));
        let done = begun.map_err(Failure::from).and_then(|_| run_all(&db, &self.file, commands));
        if done.is_err() && !db.is_autocommit() {
            let _ = db.execute_batch("ROLLBACK");
        }
        // What could not be undone is undone when the connection is closed.
        let is_sound = db.is_autocommit() && !done.as_ref().is_err_and(Failure::is_broken);
        self.db = is_sound.then_some(db);
        done.map_err(|failure| failure.fault(self.file.path()))
    }
}

/// Takes what has come in meanwhile; gives what has to wait until that is done.
fn gather(commands: &mut Vec<Box<dyn Command>>, messages: &Receiver<Message>) -> Option<Message> {
    while commands.len() < TOGETHER {
        match messages.try_recv().ok()? {
            Message::Do(command) => commands.push(command),
            other @ (Message::Migrate(..) | Message::Close(..)) => return Some(other),
        }
    }
    None
}

/// Runs commands in the transaction that is open, and commits it.
fn run_all(db: &Connection, file: &File, commands: &mut [Box<dyn Command>]) -> Result<Vec<Notice>, Failure> {
    let mut table = Table::new(db);
    match commands {
        [alone] => run_alone(&mut table, &mut **alone)?,
        _ => commands.iter_mut().try_for_each(|command| run_among(&mut table, file, &mut **command))?,
    }
    db.prepare_cached("COMMIT")?.execute([])?;
    Ok(table.notices)
}

/// One that fails alone has the transaction undone.
fn run_alone(table: &mut Table<'_>, command: &mut dyn Command) -> Result<(), Failure> {
    held(|| command.run(table)).map_or(Err(Failure::Panicked), |done| done.map_err(Failure::from))
}

/// One that fails among others takes none of them along, unless SQLite has undone the transaction.
fn run_among(table: &mut Table<'_>, file: &File, command: &mut dyn Command) -> Result<(), Failure> {
    let (db, before) = (table.db, table.notices.len());
    db.prepare_cached("SAVEPOINT command")?.execute([])?;
    if let Err(failure) = run_alone(table, command) {
        if db.is_autocommit() {
            return Err(failure);
        }
        command.fail(failure.fault(file.path()));
        table.notices.truncate(before);
        db.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    db.prepare_cached("RELEASE command")?.execute([])?;
    Ok(())
}
