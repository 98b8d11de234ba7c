//! What each kind of option makes of a written value.

use std::time::Duration;

use super::{Grace, PRIORITIES};
use crate::duration::{Setting, above_zero, read};
use crate::error::{Error, Result};
use crate::name::{hint, is_name};
use crate::policy::retry::Backoff;
use crate::policy::unique::UniqueFor;

#[expect(clippy::wildcard_enum_match_arm, reason = "the words first, and then what any duration is")]
impl Setting<'_> {
    pub(super) fn duration(self) -> Result<Duration> {
        match self {
            Setting::Text(text) => read(text),
            Setting::Duration(duration) => Ok(duration),
            Setting::Number(_) | Setting::Flag(_) => Err(takes("a duration such as `10m`")),
        }
    }

    pub(super) fn or_infinity(self) -> Result<Option<Duration>> {
        match self {
            Setting::Text("infinity") => Ok(None),
            other => above_zero(other.duration()?).map(Some),
        }
    }

    pub(super) fn grace(self) -> Result<Grace> {
        match self {
            Setting::Text("infinity") => Ok(Grace::Infinity),
            Setting::Text("brutal_kill") => Ok(Grace::BrutalKill),
            other => match other.duration()? {
                Duration::ZERO => Ok(Grace::BrutalKill),
                length => Ok(Grace::Length(length)),
            },
        }
    }

    pub(super) fn backoff(self) -> Result<Backoff> {
        let Setting::Text(text) = self else { return self.duration().map(Backoff::Constant) };
        let Some((base, cap)) = text.split_once("..") else { return read(text).map(Backoff::Constant) };
        let (base, cap) = (above_zero(read(base)?)?, above_zero(read(cap)?)?);
        if cap < base {
            return Err(takes("the shorter duration first, as in `1s..5m`"));
        }
        Ok(Backoff::Exponential { base, cap })
    }

    pub(in crate::job) fn word<const N: usize, T>(
        self,
        words: [&str; N],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let list = words.map(|word| format!("`{word}`")).join(", ");
        let Setting::Text(text) = self else { return Err(takes(&list)) };
        parse(text).ok_or_else(|| takes(&format!("{list}, not `{text}`{}", hint(text, words))))
    }

    pub(super) fn count(self) -> Result<u32> {
        self.number().filter(|count| *count > 0).ok_or_else(|| takes("a number from 1"))
    }

    pub(super) fn count_or_none(self) -> Result<u32> {
        self.number().ok_or_else(|| takes("a number from 0"))
    }

    pub(in crate::job) fn seconds(self) -> Result<u32> {
        self.number().filter(|seconds| *seconds > 0).ok_or_else(|| takes("a number of whole seconds from 1, as in `5`"))
    }

    pub(in crate::job) fn priority(self) -> Result<u32> {
        let priority = self.number().filter(|priority| PRIORITIES.contains(priority));
        priority.ok_or_else(|| takes("a number from 0, the most urgent, to 9"))
    }

    /// Names that begin with `@` are the library's own.
    pub(super) fn queue(self) -> Result<String> {
        match self {
            Setting::Text(text) if is_name(text) && !text.starts_with('@') => Ok(text.to_owned()),
            _ => Err(takes(
                "the name of a queue, as in `mail`: of 255 bytes at most, without commas, control characters, and a leading `@`",
            )),
        }
    }

    pub(in crate::job) fn unique_for(self) -> Result<UniqueFor> {
        match self {
            Setting::Text("unfinished") => Ok(UniqueFor::Unfinished),
            other => above_zero(other.duration()?).map(UniqueFor::Period),
        }
    }

    fn number(self) -> Option<u32> {
        match self {
            Setting::Number(number) => Some(number),
            Setting::Text(text) => text.parse().ok(),
            Setting::Duration(_) | Setting::Flag(_) => None,
        }
    }

    pub(super) fn written(&self, what: &str) -> Result<&str> {
        match self {
            Setting::Text(text) => Ok(text),
            Setting::Number(_) | Setting::Flag(_) | Setting::Duration(_) => Err(takes(what)),
        }
    }

    pub(super) fn flag(self) -> Result<bool> {
        match self {
            Setting::Flag(flag) => Ok(flag),
            Setting::Text("true" | "1") => Ok(true),
            Setting::Text("false" | "0") => Ok(false),
            Setting::Text(_) | Setting::Duration(_) | Setting::Number(_) => Err(takes("`true` or `false`")),
        }
    }

    pub(super) fn name(self) -> Result<String> {
        match self {
            Setting::Text(text) if is_name(text) => Ok(text.to_owned()),
            _ => Err(takes(
                "a name that is not empty, of 255 bytes at most, without control characters, commas, and white space at \
                     its ends",
            )),
        }
    }
}

fn takes(what: &str) -> Error {
    Error::configuration(format!("takes {what}"))
}

/// Reads `1s..5m` or `10s`, for a `const` at the attribute.
///
/// # Panics
/// When the text is neither, with a sentence.
#[track_caller]
pub const fn check_backoff(text: &str) {
    let (base, cap) = halves(text);
    let Some(cap) = cap else {
        let _ = crate::duration::duration(base);
        return;
    };
    let base = crate::duration::period(base);
    let cap = crate::duration::period(cap);
    assert!(base.as_millis() <= cap.as_millis(), "`backoff` takes the shorter duration first, as in `1s..5m`");
}

/// Splits at `..`, in a `const`.
#[track_caller]
const fn halves(text: &str) -> (&str, Option<&str>) {
    let mut index = 0;
    while index < text.len() {
        let (before, rest) = text.as_bytes().split_at(index);
        if let [b'.', b'.', after @ ..] = rest {
            return match (str::from_utf8(before), str::from_utf8(after)) {
                (Ok(before), Ok(after)) => (before, Some(after)),
                _ => panic!("`backoff` takes `1s..5m` or `10s`"),
            };
        }
        index += 1;
    }
    (text, None)
}
