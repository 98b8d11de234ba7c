//! Names as people type them: near misses and the form a name takes in the environment.

/// The candidate nearest to `typed`, when it is near enough to have been meant.
pub(crate) fn did_you_mean<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match typed.chars().count() {
        // One edit makes any name out of so short a one.
        0..=2 => 0,
        length => (length / 3).max(1),
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a sentence: ``; did you mean `x`?`` or nothing.
pub(crate) fn hint<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(typed, candidates).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The bytes of a name at most: it goes into notifications of a database, and into each line of a log.
const LONGEST: usize = 255;

/// Whether a job can be named so: it must stand in logs, on a thread, and in a list in the environment.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.trim() == text
        && !text.contains(|letter: char| letter.is_control() || letter == ',')
}

/// A name as it stands in an environment variable: upper case, anything else than a letter or digit as `_`.
pub(crate) fn in_environment(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => letter.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// Levenshtein's distance, with a swap of two neighbours counted as one edit.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (index, letter) in left.chars().enumerate() {
        let next = next_row(index, letter, previous, &right, &before, &row);
        before = std::mem::replace(&mut row, next);
        previous = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

fn next_row(
    index: usize,
    letter: char,
    previous: Option<char>,
    right: &[char],
    before: &[usize],
    row: &[usize],
) -> Vec<usize> {
    let at = |cells: &[usize], column: usize| cells.get(column).copied().unwrap_or(usize::MAX - 1);
    let mut next = vec![index + 1];
    for (column, other) in right.iter().enumerate() {
        let mut best =
            (at(row, column) + usize::from(letter != *other)).min(at(row, column + 1) + 1).min(at(&next, column) + 1);
        let swapped = column > 0 && previous == Some(*other) && right.get(column - 1) == Some(&letter);
        if swapped {
            best = best.min(at(before, column - 1) + 1);
        }
        next.push(best);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found_and_strangers_are_not() {
        let options = ["every", "on_overlap", "max_running"];
        for (typed, meant) in [
            ("evry", Some("every")),
            ("eveyr", Some("every")),
            ("on_overlapp", Some("on_overlap")),
            ("maxrunning", Some("max_running")),
            ("colour", None),
        ] {
            assert_eq!(did_you_mean(typed, options), meant, "{typed}");
        }
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn environment_names() {
        assert_eq!(in_environment("purge-sessions.v2"), "PURGE_SESSIONS_V2");
    }
}
