//! A proxy before the server that does what networks do: refuses, cuts, stalls, and loses what was said.

mod desk;
mod link;
mod message;
mod unit;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::encode::encoded;
use crate::server::Server;
use desk::Desk;
use link::Pair;

/// A port of this machine behind which the server is, at first with nothing in between; ends when it is dropped.
///
/// It knows where messages begin and end, and where transactions are committed, but not `COPY … FROM STDIN` while
/// [commits are lost](Proxy::flaky).
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// Which way nothing goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What clients say: the server never hears of it.
    ToServer,
    /// What the server answers: done, but not known to be.
    ToClient,
    /// Neither.
    Both,
}

/// How often a commit meets with an accident, which ends its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaky {
    /// The same accidents for the same seed, as long as the commits come in the same order.
    pub seed: u64,
    /// In so many of a hundred cases the server never hears of it: nothing was committed.
    pub before: u64,
    /// In so many of a hundred cases the client never hears of it: everything was committed.
    pub after: u64,
}

/// What the proxy has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were let through.
    pub opened: usize,
    /// Connections that were refused.
    pub refused: usize,
    /// Connections that [`Proxy::cut`] ended.
    pub cut: usize,
    /// Commits that the server never heard of.
    pub before: usize,
    /// Commits whose client never heard of them.
    pub after: usize,
    /// Notifications that were dropped.
    pub notifications: usize,
}

impl Proxy {
    /// Starts a proxy before a server, which may be stopped and started behind it.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn start(server: &Server) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let desk = Arc::new(Desk::default());
        let (shared, socket) = (Arc::clone(&desk), server.socket().to_owned());
        let thread = Some(thread::spawn(move || accept(&listener, &socket, &shared)));
        Self { address, desk, thread }
    }

    /// The URL of a database of the server, through the proxy.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{}", self.address, encoded(database))
    }

    /// Lets everything through again; what was held goes on.
    pub fn pass(&self) {
        self.desk.pass();
    }

    /// Ends new connections at once, as a server that is not there; those that are there go on.
    pub fn refuse(&self) {
        self.desk.refuse();
    }

    /// Ends all connections, and gives their number; new ones are let through.
    pub fn cut(&self) -> usize {
        self.desk.cut()
    }

    /// Keeps all connections open, those to come too, and lets nothing through.
    pub fn stall(&self, direction: Direction) {
        self.desk.stall(direction);
    }

    /// Waits until the last stall has held something.
    pub fn await_held(&self) {
        self.desk.await_held();
    }

    /// Ends connections at their commits: before the server hears of them, or before the client does.
    ///
    /// A commit is whatever ends a transaction that may have written something: a `COMMIT`, or a statement outside of
    /// a transaction, `SELECT` included.
    pub fn flaky(&self, flaky: Flaky) {
        self.desk.flaky(flaky);
    }

    /// Drops what `NOTIFY` sends to clients.
    pub fn drop_notifications(&self) {
        self.desk.drop_notifications();
    }

    /// What it has done up to now.
    pub fn counts(&self) -> Counts {
        self.desk.counts()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.desk.close();
        // It looks at the desk when somebody comes.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Carries each connection with threads of its own, until the desk is closed.
fn accept(listener: &TcpListener, socket: &Path, desk: &Desk) {
    thread::scope(|scope| {
        for client in listener.incoming() {
            if desk.is_closed() {
                return;
            }
            // One that cannot be had, or that finds no server, is dropped: this is all that its client sees.
            if let Some((number, pair)) = client.and_then(|client| open(client, socket, desk)).ok().flatten() {
                scope.spawn(move || link::carry(&pair, number, desk));
            }
        }
    });
}

fn open(client: TcpStream, socket: &Path, desk: &Desk) -> io::Result<Option<(usize, Arc<Pair>)>> {
    client.set_nodelay(true)?;
    let pair = Arc::new(Pair { client, server: UnixStream::connect(socket)? });
    Ok(desk.open(&pair).map(|number| (number, pair)))
}
