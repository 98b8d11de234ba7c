//! What stands in a file: words that follow one another, calls, lines.

use crate::source::Source;

/// How often these words follow one another, as the text of the first of these that does.
pub(crate) fn sequences(source: &Source, wanted: &[&[&str]]) -> Vec<String> {
    let words = source.words();
    let starts = (0..words.len()).filter_map(|start| words.get(start..));
    let found = |rest: &[String]| {
        wanted.iter().find(|wanted| rest.len() >= wanted.len() && rest.iter().zip(**wanted).all(|(a, b)| a == b)).map(
            |wanted| {
                let more = if wanted.ends_with(&["::"]) { wanted.len() + 1 } else { wanted.len() };
                rest.get(..more).unwrap_or_default().concat()
            },
        )
    };
    starts.filter_map(found).collect()
}

pub(crate) fn readings_of_time(source: &Source) -> Vec<String> {
    let time: [&[&str]; 4] = [
        &["Instant", "::", "now"],
        &["SystemTime", "::", "now"],
        &["tokio", "::", "time", "::"],
        &["std", "::", "thread", "::", "sleep"],
    ];
    sequences(source, &time)
}

/// Calls of functions whose name begins with `spawn`.
pub(crate) fn spawns(source: &Source) -> Vec<String> {
    let words = source.words();
    let calls = words.windows(3).filter_map(|three| match three {
        [dot, name, open] if (dot == "." || dot == "::") && name.starts_with("spawn") && open == "(" => Some(name),
        _ => None,
    });
    calls.cloned().collect()
}

/// How many lines there are besides blank ones, comments and tests.
pub(crate) fn length(text: &str) -> usize {
    let code = text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]");
    code.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}
