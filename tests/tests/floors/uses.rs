//! Who uses whom: the paths in a file, and what the table says of them.

use std::collections::BTreeSet;

use crate::source::{Source, Token};
use crate::table::{FLOORS, KINDS, ROOT};

/// All paths that begin with `crate`, `self` or `super`, from the root of the crate.
pub(crate) fn uses(source: &Source) -> BTreeSet<Vec<String>> {
    let (tokens, here) = (source.tokens(), source.path());
    let mut found = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| tokens.get(before)).map(|token| &*token.text);
        // `$crate` is for expansions, `pub(in …)` uses nothing, and `::super` goes on a path that has begun.
        if matches!(before, Some("$" | "in" | "::")) || tokens.get(index + 1).is_none_or(|next| next.text != "::") {
            continue;
        }
        let mut base = here.clone();
        base.extend(std::iter::repeat_n("(inline)".to_owned(), token.depth));
        match &*token.text {
            "crate" => base.clear(),
            "self" => {}
            "super" => drop(base.pop()),
            _ => continue,
        }
        follow(&tokens, index + 2, &base, &mut found);
    }
    found.into_iter().map(|path| path.into_iter().filter(|step| step != "(inline)").collect()).collect()
}

/// Notes the paths that go on at `index`; gives the index behind them.
fn follow(tokens: &[Token], mut index: usize, base: &[String], found: &mut BTreeSet<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    while let Some(token) = tokens.get(index) {
        index += 1;
        match &*token.text {
            "super" => drop(path.pop()),
            "{" => {
                while tokens.get(index).is_some_and(|token| token.text != "}") {
                    let after = follow(tokens, index, &path, found);
                    index = after + usize::from(tokens.get(after).is_some_and(|token| token.text == ","));
                }
                return index + 1;
            }
            "self" | "*" => break,
            step => path.push(step.to_owned()),
        }
        if tokens.get(index).is_none_or(|token| token.text != "::") {
            break;
        }
        index += 1;
    }
    found.insert(path);
    while tokens.get(index).is_some_and(|token| !matches!(&*token.text, "," | "}" | ";")) {
        if tokens.get(index).is_none_or(|token| token.text != "as" && token.text != "_") {
            break;
        }
        index += 1 + usize::from(tokens.get(index).is_some_and(|token| token.text == "as"));
    }
    index
}

/// The module of the table that a path leads to.
pub(crate) fn module_of(path: &[String]) -> String {
    match path {
        [engine, module, ..] if engine == "engine" => format!("{engine}::{module}"),
        [module, ..] if module.chars().next().is_some_and(char::is_lowercase) || module.starts_with("__") => {
            module.clone()
        }
        _ => ROOT.to_owned(),
    }
}

/// Floor and place on it.
fn rank(module: &str) -> Option<(usize, usize)> {
    FLOORS.iter().enumerate().find_map(|(floor, row)| {
        let place = row.modules.iter().position(|known| *known == module)?;
        Some((floor, place))
    })
}

/// What is wrong with a use, as a sentence.
pub(crate) fn judge(source: &Source, path: &[String]) -> Option<String> {
    let (user, used) = (module_of(&source.path()), module_of(path));
    let is_facade = source.path() == ["engine"];
    if user == used || is_facade {
        return None;
    }
    let (file, path) = (&source.file, path.join("::"));
    let Some((floor, place)) = rank(&user) else {
        return Some(format!("{file}: the module `{user}` has no place in the table of floors"));
    };
    let Some((used_floor, used_place)) = rank(&used) else {
        return Some(format!("{file} uses `{path}`: `{used}` has no place in the table of floors"));
    };
    let (name, used_name) = (FLOORS[floor].name, FLOORS[used_floor].name);
    if used_floor > floor {
        return Some(format!("{file} uses `{path}`: {name} stand below {used_name} and must not know them"));
    }
    if used_floor == floor && name == KINDS {
        return Some(format!("{file} uses `{path}`: kinds do not know each other"));
    }
    (used_floor == floor && used_place > place)
        .then(|| format!("{file} uses `{path}`: on the floor of {name}, `{user}` stands before `{used}`"))
}
