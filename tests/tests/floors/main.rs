//! The rules of the architecture: which module may use which, and where time, tasks and features may stand.

mod breaches;
mod circles;
mod featured;
mod source;
mod table;
mod uses;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use circles::circles;
use featured::featured;
use source::{Source, runtime, sources_of};
use table::{CLOCK, Exception, FEATURES, FLOORS, LONG, SPAWN, TOO_LONG};
use uses::{judge, module_of, uses};
use words::{length, readings_of_time, sequences, spawns};

#[test]
fn a_module_uses_only_what_stands_below_it() {
    let sources = runtime();
    let mistakes: Vec<String> = sources
        .iter()
        .flat_map(|source| uses(source).into_iter().filter_map(|path| judge(source, &path)).collect::<Vec<_>>())
        .collect();
    none(&mistakes);
}

#[test]
fn each_module_has_one_place_in_the_table() {
    let there: BTreeSet<String> = runtime().iter().map(|source| module_of(&source.path())).collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).filter(|module| *module != "engine").collect();
    let table: Vec<&str> = FLOORS.iter().flat_map(|floor| floor.modules).copied().collect();
    assert_eq!(there, table.iter().copied().collect(), "left what there is, right the table");
    assert_eq!(there.len(), table.len(), "a module stands in the table twice");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    none(&circles(&runtime()));
}

#[test]
fn only_the_clock_reads_time() {
    let mut sources = runtime();
    sources.retain(|source| source.file != "clock.rs");
    none(&except(in_all(&sources, readings_of_time), &CLOCK, "only `clock.rs` reads time; ask it"));
}

#[test]
fn only_the_engine_spawns() {
    let mut sources = runtime();
    sources.retain(|source| !source.file.starts_with("engine/"));
    none(&except(in_all(&sources, spawns), &SPAWN, "only the engine sets tasks and threads going"));
}

#[test]
fn rules_never_wait() {
    let mut sources = runtime();
    sources.retain(|source| source.file.starts_with("policy/") || source.file.starts_with("schedule/"));
    assert!(sources.len() > 2, "the rules are gone");
    let waits = |source| sequences(source, &[&["async"], &["await"]]);
    none(&except(in_all(&sources, waits), &[], "rules are functions: state in, decision out"));
}

#[test]
fn no_code_is_unsafe() {
    let sources = runtime();
    none(&except(in_all(&sources, |source| sequences(source, &[&["unsafe"]])), &[], "no code is unsafe"));
    for manifest in ["job-runtime/Cargo.toml", "job-macros/Cargo.toml"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(manifest));
        let text = text.expect("it is there");
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} leaves out the lints, which forbid `unsafe`");
    }
}

#[test]
fn features_choose_modules_and_nothing_else() {
    let sources = runtime();
    let rule = "`cfg(feature)` stands on `mod` and `use` lines only; give the feature a module";
    none(&except(in_all(&sources, featured), &FEATURES, rule));
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let sources = runtime();
    let long = |source: &Source| {
        if length(&source.text) > LONG { vec![format!("more than {LONG} lines")] } else { Vec::new() }
    };
    none(&except(in_all(&sources, long), &TOO_LONG, "it does more than one thing; which of them can stand alone?"));
}

#[test]
fn each_file_says_first_what_it_is_for() {
    for folder in [
        "job-runtime/src",
        "job-macros/src",
        "tests/src",
        "tests/library",
        "tests/postgres",
        "tests/tests",
        "tests/benches",
        "examples/src",
        "examples/durable/src",
    ] {
        for Source { file, text } in sources_of(folder) {
            let first = text.lines().next().and_then(|line| line.strip_prefix("//! "));
            let is_sentence = first.is_some_and(|first| first.split_whitespace().count() > 2);
            assert!(is_sentence, "{folder}/{file} does not open with a sentence on what it is for");
        }
    }
}

// ---- what is wrong

#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "{} breaches of the architecture:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// What is found, without the exceptions; an exception that is not found is a mistake too.
pub(crate) fn except(found: Vec<(&Source, String)>, exceptions: &[Exception], rule: &str) -> Vec<String> {
    let is = |exception: &Exception, (source, what): &(&Source, String)| {
        source.file == exception.file && what == exception.what
    };
    let stale = exceptions.iter().filter(|exception| !found.iter().any(|found| is(exception, found)));
    let stale: Vec<String> = stale
        .map(|stale| format!("{} has no `{}` any more: take the exception out of the list", stale.file, stale.what))
        .collect();
    let bad = found.iter().filter(|found| !exceptions.iter().any(|exception| is(exception, found)));
    bad.map(|(source, what)| format!("{} has `{what}`: {rule}", source.file)).chain(stale).collect()
}

fn in_all<'s>(sources: &'s [Source], find: impl Fn(&'s Source) -> Vec<String>) -> Vec<(&'s Source, String)> {
    sources.iter().flat_map(|source| find(source).into_iter().map(move |what| (source, what))).collect()
}
