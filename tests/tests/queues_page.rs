//! Holds the guide on queues to its word: each promise names a test, and each test that it names is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../job-runtime/src/guide/queues.md");

/// Where the tests are.
const SOURCES: [&str; 2] = ["../tests/tests", "../job-runtime/src/durable"];

#[test]
fn each_promise_names_tests_that_are_there() {
    let all = tests();
    let promises = promises();
    assert!(promises.len() >= 20, "{promises:#?}");
    for promise in promises {
        let named = named(&promise);
        assert!(!named.is_empty(), "no test is named: {promise}");
        for name in named {
            let stem = name.strip_suffix('…');
            let is_there = all.iter().any(|test| stem.map_or(*test == name, |stem| test.starts_with(stem)));
            assert!(is_there, "there is no test `{name}`: {promise}");
        }
    }
}

/// The numbered sentences.
fn promises() -> Vec<String> {
    let (_, rest) = PAGE.split_once("\n# What is promised\n").expect("the page has promises");
    let (section, _) = rest.split_once("\n## ").expect("and what is none");
    let mut promises = Vec::<String>::new();
    for line in section.lines() {
        if line.trim_start().starts_with(|first: char| first.is_ascii_digit()) {
            promises.push(line.to_owned());
        } else if let Some(promise) = promises.last_mut() {
            promise.push_str(line);
        }
    }
    promises
}

/// The tests that a promise names: what is in backticks, and has the length of a sentence or stands for several.
fn named(promise: &str) -> Vec<String> {
    let quoted = promise.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.ends_with('…') || word.matches('_').count() > 2).map(str::to_owned).collect()
}

/// The names of all functions in the files of tests.
fn tests() -> Vec<String> {
    let mut names = Vec::new();
    for folder in SOURCES {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut names);
    }
    names
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("it is a text");
            let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
            names.extend(functions.map(str::to_owned));
        }
    }
}
