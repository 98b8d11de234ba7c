//! What PostgreSQL says when it does not do what it is asked, and whether it may do so later.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::durable::store::Fault;

/// Codes of what passes, or how they begin: the connection, resources, shutdown and start, conflicts with others, time
/// limits, and a server that has become a standby.
const PASSING: [&str; 9] = ["08", "53", "57P0", "57014", "40001", "40P01", "55P03", "25P03", "25006"];

/// What was said by the server, or instead of it.
pub(super) fn fault(error: &Error) -> Fault {
    if let Some(said) = error.as_db_error() {
        return by_code(said.code().code(), words(said));
    }
    Fault { passing: is_of_the_way(error), mistaken: false, text: chain(error) }
}

/// By the code that the server gave.
pub(super) fn by_code(code: &str, text: String) -> Fault {
    Fault { passing: PASSING.iter().any(|passing| code.starts_with(passing)), mistaken: false, text }
}

/// Whether the server did not hear, or was not heard.
fn is_of_the_way(error: &Error) -> bool {
    let is_io = error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>);
    // These two have no predicate.
    is_io
        || error.is_closed()
        || matches!(&*first_words(error), "error connecting to server" | "timeout waiting for server")
}

fn first_words(error: &Error) -> String {
    let text = error.to_string();
    text.split(':').next().unwrap_or_default().to_owned()
}

fn words(said: &DbError) -> String {
    let mut text = format!("{} ({})", said.message(), said.code().code());
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(more);
    }
    text
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}
