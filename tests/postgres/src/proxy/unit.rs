//! What a client sends in one go, up to where it waits for an answer; and whether that commits something.

use super::message::Message;

/// The messages from one `ReadyForQuery` to what asks for the next.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// What is still to be passed on.
    pub(crate) bytes: Vec<u8>,
    /// What has been executed, as far as it is known.
    statements: Vec<String>,
    /// The statement that was parsed last.
    parsed: Option<String>,
}

/// What is to be done after a message was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// More of the unit is to come, and nobody waits for what there is.
    Within,
    /// More of the unit is to come, but what there is must be passed on.
    Flush,
    /// It is complete: the server will answer it with `ReadyForQuery`.
    End,
}

impl Unit {
    pub(crate) fn take(&mut self, message: &Message) -> Reach {
        self.bytes.extend(&message.bytes);
        match message.tag {
            b'P' => self.parsed = Some(message.parsed()),
            // What was parsed in an earlier unit is not known here.
            b'E' => self.statements.push(self.parsed.take().unwrap_or_else(|| "EXECUTE".to_owned())),
            b'Q' => self.statements.push(message.query()),
            b'F' => self.statements.push("CALL".to_owned()),
            _ => {}
        }
        match message.tag {
            b'P' | b'B' | b'D' | b'E' | b'C' => Reach::Within,
            b'Q' | b'F' | b'S' => Reach::End,
            _ => Reach::Flush,
        }
    }

    /// Whether it commits something, in a transaction or outside of one.
    pub(crate) fn commits(&self, in_transaction: bool) -> bool {
        commits(in_transaction, self.statements.iter().flat_map(|statements| statements.split(';')))
    }
}

/// Follows the statements in and out of transactions. A `;` within a string parts one in two, which does no harm
/// where no string reads like a `COMMIT`.
fn commits<'s>(mut in_transaction: bool, statements: impl Iterator<Item = &'s str>) -> bool {
    let mut commits = false;
    for statement in statements {
        let mut words = statement.split_whitespace().map(str::to_ascii_uppercase);
        let (first, second) = (words.next(), words.next());
        match (first.as_deref(), second.as_deref()) {
            (None, _) | (Some("ROLLBACK"), Some("TO")) => {}
            (Some("BEGIN" | "START"), _) => in_transaction = true,
            (Some("ROLLBACK" | "ABORT"), _) => in_transaction = false,
            (Some("COMMIT" | "END"), _) => {
                commits |= in_transaction;
                in_transaction = false;
            }
            (Some(_), _) => commits |= !in_transaction,
        }
    }
    commits
}

#[cfg(test)]
mod tests {
    use super::{Message, Reach, Unit, commits};

    #[test]
    fn a_commit_is_what_ends_a_transaction_that_may_have_written() {
        for (in_transaction, statements, expected) in [
            (false, "INSERT INTO jobs VALUES (1)", true),
            (true, "INSERT INTO jobs VALUES (1)", false),
            (true, "COMMIT", true),
            (true, " commit ;", true),
            (true, "end", true),
            (false, "COMMIT", false),
            (true, "ROLLBACK", false),
            (true, "ROLLBACK TO one; COMMIT", true),
            (true, "ROLLBACK; INSERT INTO jobs VALUES (1)", true),
            (false, "BEGIN", false),
            (false, "START TRANSACTION ISOLATION LEVEL SERIALIZABLE", false),
            (false, "BEGIN; INSERT INTO jobs VALUES (1)", false),
            (false, "BEGIN; INSERT INTO jobs VALUES (1); COMMIT", true),
            (false, "", false),
        ] {
            assert_eq!(commits(in_transaction, statements.split(';')), expected, "{in_transaction} {statements}");
        }
    }

    /// A unit of these messages, and how far each of them reaches.
    fn unit(messages: &[(u8, &str)]) -> (Unit, Vec<Reach>) {
        let mut unit = Unit::default();
        let message = |(tag, body): &(u8, &str)| Message { tag: *tag, bytes: format!("{body:>5}").into_bytes() };
        let reaches = messages.iter().map(|parts| unit.take(&message(parts))).collect();
        (unit, reaches)
    }

    #[test]
    fn to_prepare_a_statement_commits_nothing() {
        let (unit, reaches) = unit(&[(b'P', "?????\0INSERT INTO jobs VALUES (1)\0"), (b'D', ""), (b'S', "")]);
        assert_eq!(reaches, [Reach::Within, Reach::Within, Reach::End]);
        assert!(!unit.commits(false));
    }

    #[test]
    fn to_execute_one_commits_outside_of_a_transaction() {
        let (unit, reaches) = unit(&[(b'B', ""), (b'E', ""), (b'H', ""), (b'S', "")]);
        assert_eq!(reaches, [Reach::Within, Reach::Within, Reach::Flush, Reach::End]);
        assert_eq!((unit.commits(false), unit.commits(true)), (true, false));
    }

    #[test]
    fn a_commit_is_known_where_it_is_parsed_and_executed_at_once() {
        let (unit, _) = unit(&[(b'P', "?????\0COMMIT\0"), (b'B', ""), (b'E', ""), (b'S', "")]);
        assert!(unit.commits(true));
    }
}
