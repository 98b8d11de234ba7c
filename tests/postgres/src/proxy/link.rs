//! One connection through the proxy: what carries messages both ways, and asks the desk about each.

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use super::desk::{Desk, Fate};
use super::message::{Message, asks_for_encryption, read_greeting};
use super::unit::{Reach, Unit};

/// Both ends of it.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) client: TcpStream,
    pub(crate) server: UnixStream,
}

impl Pair {
    /// Ends it: whoever reads is at the end, whoever writes fails.
    pub(crate) fn shut(&self) {
        // One that has ended by itself cannot be shut.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Carries messages until either side ends, or the desk does.
pub(crate) fn carry(pair: &Pair, number: usize, desk: &Desk) {
    thread::scope(|scope| {
        scope.spawn(|| {
            // An error is an end like any other.
            let _ = to_client(pair, number, desk);
            desk.remove(number);
        });
        let _ = to_server(pair, number, desk);
        desk.remove(number);
    });
}

fn to_server(pair: &Pair, number: usize, desk: &Desk) -> io::Result<()> {
    let mut from = BufReader::new(&pair.client);
    let greeting = greeting(&mut from, &pair.client)?;
    if desk.send(number, None) == Fate::Pass {
        (&pair.server).write_all(&greeting)?;
    }
    let mut unit = Unit::default();
    loop {
        let reach = unit.take(&Message::read(&mut from)?);
        let complete = (reach == Reach::End).then_some(&unit);
        if reach != Reach::Within && desk.send(number, complete) != Fate::Pass {
            return Ok(());
        }
        match reach {
            Reach::Within => {}
            Reach::Flush => (&pair.server).write_all(&std::mem::take(&mut unit.bytes))?,
            Reach::End => (&pair.server).write_all(&std::mem::take(&mut unit).bytes)?,
        }
    }
}

/// What the client begins with, after it was told that there is no encryption here.
fn greeting(from: &mut BufReader<&TcpStream>, mut client: &TcpStream) -> io::Result<Vec<u8>> {
    loop {
        let greeting = read_greeting(from)?;
        if !asks_for_encryption(&greeting) {
            return Ok(greeting);
        }
        client.write_all(b"N")?;
    }
}

fn to_client(pair: &Pair, number: usize, desk: &Desk) -> io::Result<()> {
    let mut from = BufReader::new(&pair.server);
    loop {
        let message = Message::read(&mut from)?;
        match desk.receive(number, &message) {
            Fate::Pass => (&pair.client).write_all(&message.bytes)?,
            Fate::Drop => {}
            Fate::End => return Ok(()),
        }
    }
}
