//! The architecture as data: which module may use which, and where time, tasks and features may stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The floors from the lowest to the highest.
///
/// A module uses the floors below its own; on its own floor it uses only what stands before it in the list, except
/// kinds, which do not know each other. A folder is one module, but for `engine`, whose files are modules of their
/// own.
const FLOORS: [Floor; 7] = [
    Floor { name: "words", modules: &["error", "name", "duration", "outcome", "clock"] },
    Floor { name: "rules", modules: &["policy", "schedule"] },
    // `event` tells of runs, which `job` describes.
    Floor { name: "jobs", modules: &["job", "event"] },
    // An attempt is executed; the supervisor keeps attempts and alarms; crowds of attempts are carried; what happened is told; the driver
    // moves them all.
    Floor {
        name: "engine",
        modules: &[
            "engine::slots",
            "engine::timers",
            "engine::registry",
            "engine::executor",
            "engine::supervisor",
            "engine::carrier",
            "engine::teller",
            "engine::driver",
        ],
    },
    Floor { name: KINDS, modules: &["periodic"] },
    // The runtime listens to signals; the functions beside a job and the test kit go through the runtime.
    Floor { name: "surface", modules: &["guard", "timestamp", "signals", "runtime", "control", "testing"] },
    Floor { name: "crate", modules: &["__private", ROOT] },
];

const KINDS: &str = "kinds";
/// `lib.rs`: what it re-exports is for users.
const ROOT: &str = "the crate root";

struct Floor {
    name: &'static str,
    modules: &'static [&'static str],
}

/// An exception from a rule: where it is, and why.
struct Exception {
    file: &'static str,
    what: &'static str,
    #[expect(dead_code, reason = "for the reader")]
    reason: &'static str,
}

const fn exception(file: &'static str, what: &'static str, reason: &'static str) -> Exception {
    Exception { file, what, reason }
}

const CLOCK: [Exception; 1] = [exception(
    "testing/harness.rs",
    "tokio::time::advance",
    "moving tokio's paused clock is what the test kit is for",
)];

const SPAWN: [Exception; 2] = [
    exception("clock.rs", "spawn", "the test kit's patience passes in real time, which needs a thread of its own"),
    exception("signals.rs", "spawn", "signals are heard on a thread that no job can block"),
];

const FEATURES: [Exception; 1] =
    [exception("clock.rs", "impl Clock", "the test kit moves the wall clock, whose fields only this file may touch")];

/// How long a file may be besides blank lines, comments and tests.
const LONG: usize = 400;

const TOO_LONG: [Exception; 0] = [];

// ---- the source

struct Source {
    /// Below `src`, with `/`.
    file: String,
    text: String,
}

impl Source {
    fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        match self.text.parse::<TokenStream>() {
            Ok(stream) => flatten(stream, &mut tokens),
            Err(error) => panic!("{}: {error}", self.file),
        }
        tokens
    }

    fn words(&self) -> Vec<String> {
        self.tokens().into_iter().map(|token| token.text).collect()
    }

    /// The path of the module that the file holds, without `crate`.
    fn path(&self) -> Vec<String> {
        let path = self.file.strip_suffix(".rs").unwrap_or(&self.file);
        match path {
            "lib" => Vec::new(),
            "no_signals" => vec!["signals".to_owned()],
            _ => path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect(),
        }
    }
}

/// A token, and in how many modules within its file it stands.
#[derive(Debug)]
struct Token {
    text: String,
    depth: usize,
}

/// Comments are gone, documentation and strings are literals: what is left is code. `::` is one token.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    flatten_at(stream, 0, tokens);
}

fn flatten_at(stream: TokenStream, depth: usize, tokens: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let module = open == "{" && matches!(tokens.as_slice(), [.., word, _] if word.text == "mod");
                tokens.push(Token { text: open.to_owned(), depth });
                flatten_at(group.stream(), depth + usize::from(module), tokens);
                tokens.push(Token { text: close.to_owned(), depth });
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && tokens.last().is_some_and(|last| last.text == ":") => {
                if let Some(last) = tokens.last_mut() {
                    last.text.push(':');
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                tokens.push(Token { text: tree.to_string(), depth });
            }
        }
    }
}

fn sources_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(!files.is_empty(), "there are no files in {}", root.display());
    files.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).expect("it is listed"),
        file: path.strip_prefix(&root).expect("it is below").to_string_lossy().replace('\\', "/"),
    };
    files.into_iter().map(read).collect()
}

fn runtime() -> Vec<Source> {
    sources_of("job-runtime/src")
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "{} breaches of the architecture:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// What is found, without the exceptions; an exception that is not found is a mistake too.
fn except(found: Vec<(&Source, String)>, exceptions: &[Exception], rule: &str) -> Vec<String> {
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

// ---- who uses whom

/// All paths that begin with `crate`, `self` or `super`, from the root of the crate.
fn uses(source: &Source) -> BTreeSet<Vec<String>> {
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
fn module_of(path: &[String]) -> String {
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
fn judge(source: &Source, path: &[String]) -> Option<String> {
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

// ---- what may stand where

/// How often these words follow one another, as the text of the first of these that does.
fn sequences(source: &Source, wanted: &[&[&str]]) -> Vec<String> {
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

fn in_all<'s>(sources: &'s [Source], find: impl Fn(&'s Source) -> Vec<String>) -> Vec<(&'s Source, String)> {
    sources.iter().flat_map(|source| find(source).into_iter().map(move |what| (source, what))).collect()
}

fn readings_of_time(source: &Source) -> Vec<String> {
    let time: [&[&str]; 4] = [
        &["Instant", "::", "now"],
        &["SystemTime", "::", "now"],
        &["tokio", "::", "time", "::"],
        &["std", "::", "thread", "::", "sleep"],
    ];
    sequences(source, &time)
}

#[test]
fn only_the_clock_reads_time() {
    let mut sources = runtime();
    sources.retain(|source| source.file != "clock.rs");
    none(&except(in_all(&sources, readings_of_time), &CLOCK, "only `clock.rs` reads time; ask it"));
}

/// Calls of functions whose name begins with `spawn`.
fn spawns(source: &Source) -> Vec<String> {
    let words = source.words();
    let calls = words.windows(3).filter_map(|three| match three {
        [dot, name, open] if (dot == "." || dot == "::") && name.starts_with("spawn") && open == "(" => Some(name),
        _ => None,
    });
    calls.cloned().collect()
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

/// The items, other than `mod` and `use`, that are not the same with and without a feature. A lint expected where a
/// feature is off changes nothing, and says its reason in its place.
fn featured(source: &Source) -> Vec<String> {
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

#[test]
fn features_choose_modules_and_nothing_else() {
    let sources = runtime();
    let rule = "`cfg(feature)` stands on `mod` and `use` lines only; give the feature a module";
    none(&except(in_all(&sources, featured), &FEATURES, rule));
}

// ---- files

/// How many lines there are besides blank ones, comments and tests.
fn length(text: &str) -> usize {
    let code = text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]");
    code.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
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
        "tests/tests",
        "tests/benches",
        "examples/src",
    ] {
        for Source { file, text } in sources_of(folder) {
            let first = text.lines().next().and_then(|line| line.strip_prefix("//! "));
            let is_sentence = first.is_some_and(|first| first.split_whitespace().count() > 2);
            assert!(is_sentence, "{folder}/{file} does not open with a sentence on what it is for");
        }
    }
}

// ---- that the tests above would see a breach

fn source(file: &str, text: &str) -> Source {
    Source { file: file.to_owned(), text: text.to_owned() }
}

#[test]
fn all_ways_to_write_a_use_are_seen() {
    let text = "
        use crate::clock::{self, Clock};
        use crate::{error::{Error, Result as R, Mistake as _}, runtime::*};
        use super::executor::End;
        use super::super::job;
        pub(in crate::engine) struct S;
        fn f() -> crate::Builder { crate::periodic::x(); \"crate::text\"; self::inner::y() }
        // crate::comment
        /// crate::documentation
        macro_rules! m { () => { $crate::expansion() } }
        mod inner { use super::super::slots; use super::z; use crate::name; }
    ";
    let found: Vec<String> = uses(&source("engine/driver.rs", text)).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "Builder",
            "clock",
            "clock::Clock",
            "engine::driver::inner::y",
            "engine::driver::z",
            "engine::executor::End",
            "engine::slots",
            "error::Error",
            "error::Mistake",
            "error::Result",
            "job",
            "name",
            "periodic::x",
            "runtime",
        ]
    );
}

#[test]
fn breaches_of_the_floors_are_seen() {
    for (file, used, said) in [
        ("engine/driver.rs", "crate::runtime::Runtime", Some("engine stand below surface")),
        ("clock.rs", "crate::job::Run", Some("words stand below jobs")),
        ("policy/overlap.rs", "crate::schedule::Timetable", Some("`policy` stands before `schedule`")),
        ("policy/overlap.rs", "super::missed::Missed", None),
        ("engine/slots.rs", "super::timers::Timers", Some("`engine::slots` stands before `engine::timers`")),
        ("engine/supervisor/end.rs", "super::Core", None),
        ("engine/supervisor/end.rs", "crate::engine::executor::End", None),
        ("periodic/unit.rs", "crate::engine::driver::Engine", None),
        ("periodic/unit.rs", "crate::control::trigger", Some("kinds stand below surface")),
        ("no_signals.rs", "crate::engine::driver::Engine", None),
        ("runtime.rs", "crate::Builder", Some("surface stand below crate")),
        ("runtime.rs", "crate::colours::Red", Some("`colours` has no place in the table")),
        ("colours.rs", "crate::error::Error", Some("`colours` has no place in the table")),
    ] {
        let source = source(file, &format!("use {used};"));
        let path = uses(&source).pop_first().expect("a use");
        let sentence = judge(&source, &path);
        match said {
            Some(said) => assert!(sentence.as_ref().is_some_and(|text| text.contains(said)), "{file}: {sentence:?}"),
            None => assert_eq!(sentence, None, "{file}"),
        }
    }
}

#[test]
fn breaches_of_the_other_rules_are_seen() {
    let text = "
        fn f() { Instant::now(); tokio::time::sleep(d); // tokio::time::advance
            handle.spawn(x); std::thread::spawn(y); spawn(); let s = \"SystemTime::now\"; spawn_blocking(1) }
        fn spawn(a: u8) { tokio::task::spawn_blocking(z); }
    ";
    let source_ = source("a.rs", text);
    assert_eq!(readings_of_time(&source_), ["Instant::now", "tokio::time::sleep"]);
    assert_eq!(spawns(&source_), ["spawn", "spawn", "spawn_blocking"]);

    let text = "
        #[cfg(feature = \"a\")] mod a;
        #[cfg(not(feature = \"b\"))] #[path = \"c.rs\"] pub(crate) mod b;
        #[doc(inline)] #[cfg(feature = \"d\")] pub use d::D;
        #[cfg(all(unix, feature = \"e\"))] pub(crate) async fn e() {}
        #[cfg_attr(feature = \"f\", derive(Debug))] pub struct F { #[cfg(feature = \"g\")] g: u8 }
        fn h() { if cfg!(feature = \"h\") {} }
        #[cfg_attr(not(feature = \"i\"), expect(dead_code, reason = \"why\"))] fn i() {}
        #[cfg(test)] mod tests {}
        #![cfg_attr(docsrs, feature(doc_cfg))]
    ";
    assert_eq!(featured(&source("a.rs", text)), ["fn e", "struct F", "g :", "cfg!"]);

    assert_eq!(length("//! x\n\nfn f() {}\n    // y\nfn g() {} // z\n#[cfg(test)]\nmod tests {}\n"), 2);

    let (known, new) = (source("a.rs", ""), source("b.rs", ""));
    let found = vec![(&known, "x".to_owned()), (&new, "x".to_owned())];
    let exceptions = [exception("a.rs", "x", "known"), exception("c.rs", "x", "stale")];
    let sentences = except(found, &exceptions, "not here");
    assert_eq!(sentences, ["b.rs has `x`: not here", "c.rs has no `x` any more: take the exception out of the list"]);
}
