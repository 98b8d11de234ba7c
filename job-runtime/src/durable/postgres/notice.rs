//! What is told through the channel, one text for each change.

use std::fmt::Write;
use std::sync::Arc;

use crate::durable::store::Notice;

/// What somebody tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Drawn by the store that tells it; 0 where it is told by a transaction of somebody else's.
    pub(super) by: i64,
    pub(super) notice: Notice,
    /// Of work: the earliest time at which a row may be that was put in, in microseconds since 1970.
    pub(super) from: i64,
}

/// Before all times.
pub(super) const BEGINNING: i64 = i64::MIN;

/// PostgreSQL takes texts of less than 8,000 bytes; a longer one is not sent, and who would hear it looks once a second.
pub(super) const LONGEST: usize = 7_999;

impl Told {
    /// As it is sent.
    pub(super) fn payload(&self) -> String {
        let mut text = format!("{} ", self.by);
        let _ = match &self.notice {
            Notice::Work(queue) => write!(text, "work {} {queue}", self.from),
            Notice::Cancel(id) => write!(text, "cancel {id}"),
            Notice::Ended(name) => write!(text, "ended {name}"),
            Notice::Paused => write!(text, "paused"),
        };
        text
    }

    /// As it is heard; what a newer version tells is not understood.
    pub(super) fn read(payload: &str) -> Option<Self> {
        let (by, rest) = payload.split_once(' ')?;
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut from = BEGINNING;
        let notice = match word {
            "work" => {
                let (time, queue) = rest.split_once(' ')?;
                from = time.parse().ok()?;
                Notice::Work(Arc::from(queue))
            }
            "cancel" => Notice::Cancel(rest.parse().ok()?),
            "ended" => Notice::Ended(Arc::from(rest)),
            "paused" => Notice::Paused,
            _ => return None,
        };
        Some(Self { by: by.parse().ok()?, notice, from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        for (notice, from) in [
            (Notice::Work("mail and more".into()), -7),
            (Notice::Work("".into()), BEGINNING),
            (Notice::Cancel(42), BEGINNING),
            (Notice::Ended("nightly backup".into()), BEGINNING),
            (Notice::Paused, BEGINNING),
        ] {
            let told = Told { by: 5, notice, from };
            assert_eq!(Told::read(&told.payload()), Some(told.clone()), "{}", told.payload());
        }
    }

    #[test]
    fn what_others_tell_is_not_understood() {
        for payload in ["", "5", "5 dance", "x paused", "5 work mail", "5 work now mail", "5 cancel all"] {
            assert_eq!(Told::read(payload), None, "{payload}");
        }
    }
}
