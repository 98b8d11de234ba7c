//! Files that use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;
use crate::uses::uses;

/// The circles that files make by what they use, each as the files one after another. A `mod.rs` and what is in its folder
/// are one house: what either has of the other is not looked at.
pub(crate) fn circles(sources: &[Source]) -> Vec<String> {
    let files: BTreeMap<Vec<String>, &str> =
        sources.iter().map(|source| (source.path(), source.file.as_str())).collect();
    let used: BTreeMap<&str, BTreeSet<&str>> =
        sources.iter().map(|source| (source.file.as_str(), used_by(source, &files))).collect();
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for file in used.keys() {
        let Some(circle) = way_back(file, &used) else { continue };
        if circle.iter().all(|file| !told.contains(file)) {
            found.push(circle.join(" -> "));
        }
        told.extend(circle);
    }
    found
}

/// The files that a file uses, besides those around it.
fn used_by<'s>(source: &Source, files: &BTreeMap<Vec<String>, &'s str>) -> BTreeSet<&'s str> {
    let here = source.path();
    let file_of = |path: Vec<String>| (1..=path.len()).rev().find_map(|length| files.get_key_value(&path[..length]));
    let others = uses(source).into_iter().filter_map(file_of);
    let others = others.filter(|(path, _)| !path.starts_with(&here) && !here.starts_with(path));
    others.map(|(_, file)| *file).collect()
}

/// The shortest way from a file over others back to it.
fn way_back<'s>(file: &'s str, used: &BTreeMap<&'s str, BTreeSet<&'s str>>) -> Option<Vec<&'s str>> {
    let mut ways = std::collections::VecDeque::from([vec![file]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| used.get(last)).into_iter().flatten() {
            if *next == file {
                return Some([way, vec![file]].concat());
            }
            if seen.insert(*next) {
                ways.push_back([way.clone(), vec![*next]].concat());
            }
        }
    }
    None
}
