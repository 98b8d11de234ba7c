//! That a breach of each rule would be seen.

use crate::circles::circles;
use crate::except;
use crate::featured::featured;
use crate::source::Source;
use crate::table::exception;
use crate::uses::{judge, uses};
use crate::words::{length, readings_of_time, spawns};

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
fn circles_are_seen() {
    let files = [
        ("a/mod.rs", "mod b; pub use b::B; use crate::e::E;"),
        ("a/b.rs", "use super::c::C; use super::A;"),
        ("a/c.rs", "use crate::{clock::Clock, d::D}; use crate::lonely;"),
        ("d.rs", "use crate::a::b::B; mod inner { use super::D; }"),
        ("e.rs", "use crate::a::c::C;"),
        ("lonely.rs", ""),
    ];
    let sources = files.map(|(file, text)| source(file, text));
    assert_eq!(circles(&sources), ["a/b.rs -> a/c.rs -> d.rs -> a/b.rs"]);
    assert_eq!(circles(&sources[..3]), [""; 0]);
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
