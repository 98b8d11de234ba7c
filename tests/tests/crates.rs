//! How many crates a user of the runtime has to build.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// With these features, the runtime itself not counted: none, the signals alone, what is there by default, and each of
/// the stores, whose drivers bring the most of what they need.
const MOST: [(&[&str], usize); 5] =
    [(&[], 11), (&["signals"], 15), (&["default"], 18), (&["sqlite"], 34), (&["postgres"], 71)];

/// What is needed in two versions where both stores are, and why.
const TWICE: [(&str, &str); 2] = [
    ("fallible-iterator", "in the interface of rusqlite it is 0.3, in that of tokio-postgres 0.2"),
    ("syn", "3 for our attributes, 2 for those of `tracing`, which deadpool-postgres takes"),
];

/// Each crate that `job-runtime` needs, with its versions.
fn crates(features: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["tree", "-p", "job-runtime", "-e", "normal", "--prefix", "none", "--locked", "--offline"]);
    command.args(["--no-default-features", "--features", &features.join(",")]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(name), Some(version)) = (words.next(), words.next()) else { panic!("not a crate: `{line}`") };
        crates.entry(name).or_default().insert(version);
    }
    assert!(crates.remove("job-runtime").is_some() && crates.contains_key("tokio"), "{crates:#?}");
    crates
}

#[test]
fn few_crates_are_needed() {
    for (features, most) in MOST {
        let crates = crates(features);
        let names = crates.keys();
        assert!(crates.len() <= most, "{features:?}: {} crates, of which {most} are allowed: {names:#?}", crates.len());
    }
}

#[test]
fn no_crate_is_needed_twice() {
    for features in [&["default"][..], &["sqlite"]] {
        assert_eq!(twice(features), [""; 0], "{features:?}");
    }
    assert_eq!(twice(&["full"]), TWICE.map(|(name, _)| name));
}

fn twice(features: &[&str]) -> Vec<String> {
    crates(features).into_iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name).collect()
}

/// What is asked for weakly, as by `sqlx08?/postgres`, stands in the lockfile of everyone who has the feature, whether
/// it is built or not: <https://github.com/rust-lang/cargo/issues/10801>.
#[test]
fn no_feature_puts_into_a_lockfile_what_is_not_built() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../job-runtime/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("it is there");
    let mut lines = manifest.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.find(|line| line.contains("?/")), None);
}
