//! When a job is one too many, because the same is there already, and what becomes of it then.

use std::time::Duration;

/// The values of `unique_for`: how long a job keeps the same one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UniqueFor {
    /// For so long since it was enqueued, unless it was cancelled or discarded.
    Period(Duration),
    /// Until it has come to its end.
    Unfinished,
}

/// The values of `on_conflict`: what becomes of the job that comes second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnConflict {
    /// It is dropped for the one that is there.
    #[default]
    Skip,
    /// Its arguments, time and priority are given to the one that is there, as long as that waits.
    Replace,
    /// Its time is given to the one that is there, as long as that waits.
    Debounce,
}

impl OnConflict {
    pub(crate) const WORDS: [&'static str; 3] = ["skip", "replace", "debounce"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "skip" => Some(Self::Skip),
            "replace" => Some(Self::Replace),
            "debounce" => Some(Self::Debounce),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_means_something() {
        let meant = OnConflict::WORDS.map(OnConflict::parse);
        assert_eq!(meant, [Some(OnConflict::Skip), Some(OnConflict::Replace), Some(OnConflict::Debounce)]);
        assert_eq!(OnConflict::parse("drop"), None);
    }
}
