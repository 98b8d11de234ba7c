//! Messages of PostgreSQL's protocol, version 3: where they begin and end, and what is in a few of them.
//!
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use std::io::{self, ErrorKind, Read};

/// The codes of requests to encrypt, by TLS and by GSSAPI, with which a connection may begin.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// One message, of either side.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its first byte, which says what it is.
    pub(crate) tag: u8,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut tag = [0];
        from.read_exact(&mut tag)?;
        let mut bytes = tag.to_vec();
        read_counted(from, &mut bytes)?;
        Ok(Self { tag: u8::from_be_bytes(tag), bytes })
    }

    /// What comes after tag and length.
    fn body(&self) -> &[u8] {
        self.bytes.get(5..).unwrap_or_default()
    }

    /// The statements of a `Query`.
    pub(crate) fn query(&self) -> String {
        text(self.body())
    }

    /// The statement of a `Parse`, which stands behind the name it gets.
    pub(crate) fn parsed(&self) -> String {
        let name = self.body().iter().take_while(|byte| **byte != 0).count();
        text(self.body().get(name + 1..).unwrap_or_default())
    }

    /// Whether a `ReadyForQuery` says that a transaction is open.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.body().first() != Some(&b'I')
    }
}

/// The first message of a client, which has no tag.
pub(crate) fn read_greeting(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_counted(from, &mut bytes)?;
    Ok(bytes)
}

/// Whether a greeting asks for encryption, and is followed by another one.
pub(crate) fn asks_for_encryption(greeting: &[u8]) -> bool {
    ENCRYPTION.iter().any(|code| greeting.get(4..) == Some(&code.to_be_bytes()))
}

/// Reads a length, which counts itself, and what it counts.
fn read_counted(from: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    bytes.extend(length);
    let rest = u64::from(u32::from_be_bytes(length)).checked_sub(4).ok_or(ErrorKind::InvalidData)?;
    let read = from.take(rest).read_to_end(bytes)?;
    if u64::try_from(read) == Ok(rest) { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Up to the zero at its end.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Message, asks_for_encryption, read_greeting};

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("it is short");
        [&[tag], &length.to_be_bytes()[..], body].concat()
    }

    #[test]
    fn messages_are_told_apart_and_kept_whole() {
        let (first, second) = (message(b'Q', b"BEGIN\0"), message(b'S', b""));
        let stream = [&first[..], &second].concat();
        let mut stream = &stream[..];
        for expected in [first, second] {
            let message = Message::read(&mut stream).expect("there is one");
            assert_eq!((message.tag, &message.bytes), (expected[0], &expected));
        }
        assert!(Message::read(&mut stream).is_err(), "it is at its end");
    }

    #[test]
    fn what_is_broken_is_an_error() {
        for broken in [&b"Q\0\0\0\x03"[..], b"Q\0\0\0\x08abc", b"Q\0\0"] {
            assert!(Message::read(&mut &*broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn statements_are_found() {
        let read = |bytes: Vec<u8>| Message::read(&mut &bytes[..]).expect("it is whole");
        assert_eq!(read(message(b'Q', b"SELECT 1\0")).query(), "SELECT 1");
        assert_eq!(read(message(b'P', b"name\0SELECT 2\0\0\0")).parsed(), "SELECT 2");
        assert_eq!(read(message(b'P', b"\0SELECT 3\0\0\0")).parsed(), "SELECT 3");
    }

    #[test]
    fn requests_to_encrypt_are_known() {
        let greeting = |code: u32| read_greeting(&mut &[8_u32.to_be_bytes(), code.to_be_bytes()].concat()[..]);
        for (code, asks) in [(80_877_103, true), (80_877_104, true), (80_877_102, false), (196_608, false)] {
            assert_eq!(asks_for_encryption(&greeting(code).expect("it is whole")), asks, "{code}");
        }
    }
}
