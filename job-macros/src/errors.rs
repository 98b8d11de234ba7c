//! Keeps every mistake until the end, so that one build shows them all, and finds the word that was meant.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    list: Vec<syn::Error>,
}

impl Errors {
    /// Notes a mistake at the user's own tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, sentence: impl Display) {
        self.list.push(syn::Error::new_spanned(tokens, sentence));
    }

    /// Notes a mistake where there are no tokens to point at.
    pub(crate) fn at_span(&mut self, span: Span, sentence: impl Display) {
        self.list.push(syn::Error::new(span, sentence));
    }

    /// The value, or `None` and a mistake noted.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.list.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    #[cfg(test)]
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.list.iter().map(ToString::to_string).collect()
    }
}

impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.list.iter().map(syn::Error::to_compile_error));
    }
}

/// The known word that was probably meant: one of whose parts is written, or the one with the fewest changes.
pub(crate) fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written = written.to_lowercase().replace('-', "_");
    let part = known.iter().find(|word| word.split('_').any(|part| part == written));
    let close = known
        .iter()
        .map(|word| (distance(&written, word), word))
        .filter(|(changes, _)| *changes <= tolerance(&written))
        .min_by_key(|(changes, _)| *changes);
    part.or(close.map(|(_, word)| word)).copied()
}

/// `` `a`, `b` or `c` ``, the last two linked by the given word.
pub(crate) fn join(words: &[&str], link: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {link} {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Two changes make a swap of letters, but turn one word of three letters into any other; three make another word of
/// one part of a name.
fn tolerance(word: &str) -> usize {
    match word.chars().count() {
        0..4 => 1,
        4..10 => 2,
        _ => 3,
    }
}

/// Letters to add, drop or change (Levenshtein 1966), one row of the table at a time.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (above, letter) in from.chars().enumerate() {
        next_row(&mut row, above, letter, to);
    }
    row.last().copied().unwrap_or_default()
}

fn next_row(row: &mut [usize], above: usize, letter: char, to: &str) {
    let mut diagonal = above;
    let mut left = above + 1;
    let mut cells = row.iter_mut();
    if let Some(first) = cells.next() {
        *first = left;
    }
    for (cell, other) in cells.zip(to.chars()) {
        let changed = diagonal + usize::from(letter != other);
        diagonal = *cell;
        left = changed.min(left + 1).min(diagonal + 1);
        *cell = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_changed_letters() {
        let cases = [("", "", 0), ("every", "every", 0), ("evry", "every", 1), ("evrey", "every", 2), ("", "abc", 3)];
        for (from, to, changes) in cases {
            assert_eq!(distance(from, to), changes, "{from} → {to}");
            assert_eq!(distance(to, from), changes, "{to} → {from}");
        }
    }

    #[test]
    fn near_misses_are_found() {
        let known = ["every", "initial_delay", "on_overlap", "timeout"];
        let cases = [
            ("evry", Some("every")),
            ("Every", Some("every")),
            ("delay", Some("initial_delay")),
            ("overlap", Some("on_overlap")),
            ("on-overlap", Some("on_overlap")),
            ("time_out", Some("timeout")),
            ("on_overflow", Some("on_overlap")),
            ("initially", None),
            ("colour", None),
        ];
        for (written, meant) in cases {
            assert_eq!(nearest(written, &known), meant, "{written}");
        }
    }

    #[test]
    fn words_read_as_a_sentence() {
        assert_eq!(join(&["a"], "or"), "`a`");
        assert_eq!(join(&["a", "b"], "or"), "`a` or `b`");
        assert_eq!(join(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
