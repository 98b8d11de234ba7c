//! What a feature decides about, other than which modules there are.

use crate::source::Source;

/// The items, other than `mod` and `use`, that are not the same with and without a feature. A lint expected where a
/// feature is off changes nothing, and says its reason in its place.
pub(crate) fn featured(source: &Source) -> Vec<String> {
    let words = source.words();
    let conditions = words.windows(3).enumerate().filter_map(|(index, three)| match three {
        [first, second, third] if first == "feature" && second == "=" && third.starts_with('"') => Some(index),
        _ => None,
    });
    let conditions = conditions.filter(|index| !is_expectation(&words, *index));
    let mut items: Vec<String> = conditions.filter_map(|index| item_after(&words, index)).collect();
    items.dedup();
    items.retain(|item| !item.starts_with("mod ") && !item.starts_with("use "));
    items
}

/// Whether the condition at `index` is that of `cfg_attr(…, expect(…))`.
fn is_expectation(words: &[String], index: usize) -> bool {
    let start = words.get(..index).and_then(|before| before.iter().rposition(|word| word == "#")).unwrap_or_default();
    let end = words.iter().skip(index).position(|word| word == "]").map_or(words.len(), |length| index + length);
    let attribute = words.get(start..end).unwrap_or_default();
    let is = |place: usize, word: &str| attribute.get(place).is_some_and(|found| found == word);
    let comma =
        attribute.windows(3).position(|three| matches!(three, [a, b, c] if a == "," && b == "expect" && c == "("));
    is(2, "cfg_attr") && comma.is_some() && attribute.iter().filter(|word| *word == "derive").count() == 0
}

/// What an attribute around `index` stands on, as `fn name`.
fn item_after(words: &[String], index: usize) -> Option<String> {
    let mut rest = words.get(index..)?.iter();
    let mut open = attribute_depth(words, index);
    if open == 0 {
        return Some("cfg!".to_owned());
    }
    while open > 0 {
        match &**rest.next()? {
            "[" | "(" | "{" => open += 1,
            "]" | ")" | "}" => open -= 1,
            _ => {}
        }
    }
    let mut rest = rest.map(String::as_str).peekable();
    loop {
        match rest.next()? {
            "#" => skip_group(&mut rest),
            "pub" if rest.peek() == Some(&"(") => skip_group(&mut rest),
            "pub" | "async" | "const" | "static" => {}
            kind => return Some(format!("{kind} {}", rest.next()?)),
        }
    }
}

/// In how many brackets of an attribute a word stands; 0 when it stands in none.
fn attribute_depth(words: &[String], index: usize) -> usize {
    let mut depth = 0_usize;
    let mut closed = 0_usize;
    for at in (0..index).rev() {
        match words.get(at).map(String::as_str) {
            Some("]" | ")" | "}") => closed += 1,
            Some("[" | "(" | "{") if closed > 0 => closed -= 1,
            Some("[") if at.checked_sub(1).is_some_and(|at| words.get(at).is_some_and(|word| word == "#")) => {
                return depth + 1;
            }
            Some("[" | "(") => depth += 1,
            Some("{") | None => return 0,
            Some(_) => {}
        }
    }
    0
}

fn skip_group<'w>(words: &mut impl Iterator<Item = &'w str>) {
    let mut open = 0_usize;
    for word in words {
        match word {
            "[" | "(" | "{" => open += 1,
            "]" | ")" | "}" => open -= 1,
            _ => {}
        }
        if open == 0 {
            return;
        }
    }
}
