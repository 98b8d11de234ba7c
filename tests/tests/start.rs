//! How a program starts: with all its jobs, or not at all and with a word on everything that is wrong.

mod child;

use child::{place, run, start};

const MISTAKEN: &str = env!("CARGO_BIN_EXE_mistaken");
const SAME_NAME: &str = env!("CARGO_BIN_EXE_same_name");
const LISTING: &str = env!("CARGO_BIN_EXE_listing");
const EMBEDDED: &str = env!("CARGO_BIN_EXE_embedded");

/// Where a job of `mistaken` stands.
fn mistaken(function: &str) -> String {
    place("tests/src/bin/mistaken.rs", include_str!("../src/bin/mistaken.rs"), &format!("async fn {function}("))
}

/// Where a job of `same_name` stands.
fn same_name(module: &str) -> String {
    let source = include_str!("../src/bin/same_name.rs");
    place("tests/src/bin/same_name.rs", source, &format!("println!(\"ran {module}::sweep\")"))
}

fn listing(function: &str) -> String {
    place("tests/src/bin/listing.rs", include_str!("../src/bin/listing.rs"), &format!("async fn {function}("))
}

// ---- what is linked

#[test]
fn a_program_without_jobs_is_refused_with_advice() {
    run(env!("CARGO_BIN_EXE_no_jobs"), &[], &[]).is_refused(&["no jobs … `use my_jobs as _;`"]);
}

#[test]
fn disabling_all_does_not_excuse_a_program_without_jobs() {
    run(env!("CARGO_BIN_EXE_no_jobs"), &[], &[("JOBS_DISABLE", "all")]).is_refused(&["no jobs"]);
}

#[test]
fn jobs_of_a_linked_library_run() {
    let mut child = start(env!("CARGO_BIN_EXE_library_jobs"), &[], &[]);
    child.says("ran from_a_library");
    child.end().is_orderly();
}

// ---- names

#[test]
fn two_jobs_of_one_name_are_refused_with_both_places() {
    let (first, second) = (same_name("house"), same_name("street"));
    run(SAME_NAME, &[], &[]).is_refused(&[&format!("{second}: … job `sweep` … {first} … `name = ")]);
}

#[test]
fn a_job_renamed_to_the_name_of_another_is_refused_with_both_places() {
    let wash = same_name_of("wash");
    for (renamed, other) in [("wash", "tidy"), ("tidy", "wash")] {
        let change = format!("name:{renamed}={other}");
        let end = run(SAME_NAME, &["only=crate::tidy,crate::wash", &change], &[]);
        end.is_refused(&[&format!("{wash}: … job `{other}` … {} … `name = ", same_name_of("tidy"))]);
    }
    // Another name stands between the two in the alphabet.
    let end = run(SAME_NAME, &["only=crate::house::sweep,crate::tidy,crate::wash", "name:wash=sweep"], &[]);
    end.is_refused(&[&format!("{wash}: … job `sweep` … {} … `name = ", same_name("house"))]);
}

fn same_name_of(function: &str) -> String {
    place("tests/src/bin/same_name.rs", include_str!("../src/bin/same_name.rs"), &format!("async fn {function}("))
}

#[test]
fn a_job_can_be_renamed_out_of_the_way() {
    let mut child = start(SAME_NAME, &["name:crate::house::sweep=sweep_the_house"], &[]);
    child.says_all(&["ran house::sweep", "ran street::sweep"]);
    child.end().is_orderly();
}

#[test]
fn a_path_names_one_of_two_jobs_of_one_name() {
    for path in ["crate::street::sweep", "same_name::street::sweep"] {
        let mut child = start(SAME_NAME, &[&format!("only={path}")], &[]);
        child.says("ran street::sweep");
        let end = child.end();
        end.is_orderly();
        assert_eq!(end.said.out, ["ran street::sweep"]);
    }
}

// ---- data and state

#[test]
fn missing_data_is_refused_with_what_to_write() {
    let job = "takes_what_nobody_gave";
    run(MISTAKEN, &[&format!("only={job}")], &[])
        .is_refused(&[&format!("{}: … job `{job}` … `&mistaken::Archive` … write `.data(value)`", mistaken(job))]);
    let job = "takes_a_trait_nobody_gave";
    run(MISTAKEN, &[&format!("only={job}")], &[]).is_refused(&[&format!(
        "{}: … job `{job}` … `&dyn core::ops::function::Fn() + core::marker::Send + core::marker::Sync` … \
         `.data_arc(value)` … `Arc<dyn ",
        mistaken(job)
    )]);
}

#[test]
fn data_given_inside_an_arc_is_found_out() {
    let job = "takes_what_is_in_an_arc";
    run(MISTAKEN, &[&format!("only={job}")], &[]).is_refused(&[&format!(
        "{}: … job `{job}` … `&mistaken::Database` … `alloc::sync::Arc<mistaken::Database>` was given … \
         `.data_arc`",
        mistaken(job)
    )]);
}

#[test]
fn a_trait_given_with_other_bounds_is_found_out() {
    let job = "takes_other_bounds";
    run(MISTAKEN, &[&format!("only={job}")], &[]).is_refused(&[&format!(
        "{}: … job `{job}` … `&dyn mistaken::Mailer` … \
         `dyn mistaken::Mailer + core::marker::Send + core::marker::Sync` was given … the same bounds",
        mistaken(job)
    )]);
}

#[test]
fn state_without_a_default_is_refused_with_what_to_write() {
    let job = "keeps_what_has_no_default";
    run(MISTAKEN, &[&format!("only={job}")], &[])
        .is_refused(&[&format!("{}: … job `{job}` … `mistaken::Opened` … `.state_with(|| …)`", mistaken(job))]);
}

// ---- everything at once

#[test]
fn all_mistakes_are_listed_at_once_and_nothing_is_started() {
    let arguments = ["every:sund=5m", "every:takes_other_bounds=5", "shutdown_timeout=soon"];
    let variables = [("JOB_TAKES_WHAT_NOBODY_GAVE_EVRY", "5m"), ("JOBS_DISABLE", "nothing")];
    let at = |function: &str| mistaken(function);
    run(MISTAKEN, &arguments, &variables).is_refused(&[
        "`.configure` names `sund` … did you mean `sound`?",
        "`JOBS_DISABLE` names `nothing`",
        "the shutdown timeout: … soon",
        &format!("{}: job `takes_what_is_in_an_arc`", at("takes_what_is_in_an_arc")),
        &format!("{}: `.configure`: `every`", at("takes_other_bounds")),
        &format!("{}: job `takes_other_bounds`", at("takes_other_bounds")),
        &format!("{}: job `takes_what_nobody_gave`", at("takes_what_nobody_gave")),
        &format!("{}: the environment has … did you mean `every`?", at("takes_what_nobody_gave")),
        &format!("{}: job `takes_a_trait_nobody_gave`", at("takes_a_trait_nobody_gave")),
        &format!("{}: job `keeps_what_has_no_default`", at("keeps_what_has_no_default")),
        &format!("{}: job `sound`", at("has_a_name_that_is_taken")),
    ]);
}

#[test]
fn without_its_mistakes_the_same_program_runs() {
    let mut child = start(MISTAKEN, &["only=crate::sound"], &[]);
    child.says("ran sound");
    child.end().is_orderly();
}

// ---- `.configure`

#[test]
fn configure_changes_options() {
    let end = run(LISTING, &["every:sweep=5m", "every:crate::poll=45s", "delay_mode:listing::sweep_all=shifted"], &[]);
    end.is_orderly();
    let sweep = end.said.out.iter().find(|line| line.starts_with("sweep:")).expect("it is listed");
    assert!(sweep.contains("5m"), "{sweep}");
    let poll = end.said.out.iter().find(|line| line.starts_with("poll:")).expect("it is listed");
    assert!(poll.contains("45s"), "{poll}");
    let sweep_all = end.said.out.iter().find(|line| line.starts_with("sweep_all:")).expect("it is listed");
    assert!(sweep_all.contains("shifted"), "{sweep_all}");
}

#[test]
fn configure_refuses_what_it_does_not_know() {
    for (argument, mistake) in [
        ("every:sweeep=5m", "`.configure` names `sweeep` … did you mean `sweep`?".to_owned()),
        ("every:crate::house::sweep=5m", "`.configure` names `crate::house::sweep`, which is not a job".to_owned()),
        ("every:sweep=5", format!("{}: `.configure`: `every`: … 5", listing("sweep"))),
        ("every:sweep=0s", format!("{}: `.configure`: `every`", listing("sweep"))),
        ("on_overlap:poll=ignor", format!("{}: `.configure`: `on_overlap` … did you mean `ignore`?", listing("poll"))),
        ("on_overlap:count=run", format!("{}: job `count` … `&mut` state", listing("count"))),
    ] {
        run(LISTING, &[argument], &[]).is_refused(&[&mistake]);
    }
}

#[test]
fn configure_refuses_a_name_that_could_be_two() {
    run(SAME_NAME, &["every:sweep=5m", "name:crate::house::sweep=sweep_the_house"], &[])
        .is_refused(&["`.configure` names `sweep` … `same_name::house::sweep` … `same_name::street::sweep` … path"]);
}

#[test]
fn configure_refuses_options_that_contradict_each_other() {
    let end = run(LISTING, &["align:sweep=true", "delay_mode:sweep=shifted"], &[]);
    end.is_refused(&[&format!("{}: job `sweep`: … `align` … `delay_mode", listing("sweep"))]);
}

// ---- `.only`

#[test]
fn only_refuses_names_that_are_no_jobs() {
    run(LISTING, &["only=sweep,pol,colour"], &[]).is_refused(&[
        "`.only` names `colour`, which is not a job",
        "`.only` names `pol`, which is not a job; did you mean `poll`?",
    ]);
}

#[test]
fn only_leaves_the_others_unchecked_and_unlisted() {
    let arguments = ["only=sweep,count", "every:poll=never", "on_overlap:sweep_all=ignor"];
    let variables = [("JOB_POLL_EVERY", "never"), ("JOB_SWEEP_ALL_COLOUR", "red"), ("JOBS_DISABLE", "poll")];
    let end = run(LISTING, &arguments, &variables);
    end.is_orderly();
    let names: Vec<_> = end.said.out.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["count", "sweep"]);
}

#[test]
fn a_job_that_only_leaves_out_can_still_not_be_misspelt() {
    run(LISTING, &["only=sweep", "every:pol=5m"], &[]).is_refused(&["`.configure` names `pol`"]);
}

// ---- runtimes that a program holds itself

#[test]
fn a_dropped_runtime_kills_what_runs_and_leaves_no_task() {
    let mut child = start(EMBEDDED, &["drop"], &[]);
    child.says("started long");
    let end = child.end();
    end.is_orderly();
    let (dropped, rest): (Vec<String>, Vec<String>) = end.said.out.into_iter().partition(|line| line == "dropped long");
    assert_eq!(dropped.len(), 1);
    assert_eq!(rest, ["started long", "a clone keeps it: 1", "no task is left", "refused: true", "gone: true"]);
}

#[test]
fn a_runtime_can_be_started_twice() {
    let end = run(EMBEDDED, &["twice"], &[]);
    end.is_orderly();
    assert_eq!(
        end.said.out,
        [
            "the ended one refuses: true",
            "event: quick started",
            "event: quick completed: no error",
            "the first ran Some(1), the second Some(0)"
        ]
    );
}

#[test]
fn a_runtime_can_be_run_again_after_its_end() {
    let end = run(EMBEDDED, &["one_after_another"], &[]);
    end.is_orderly();
    assert_eq!(end.said.out, ["ran sends", "ended: true", "ran sends", "ended: true"]);
}

#[test]
fn data_is_dropped_before_the_end() {
    let end = run(EMBEDDED, &["shared_data"], &[]);
    end.is_orderly();
    assert_eq!(end.said.out, ["held after the end: []"]);
}

#[test]
fn a_future_of_the_program_shuts_down() {
    let end = run(EMBEDDED, &["shutdown_on"], &[]);
    end.is_orderly();
    assert_eq!(end.said.out, ["ran sends", "ended: true"]);
}

#[test]
fn the_first_of_several_futures_shuts_down_and_what_must_be_dropped_is_named() {
    let mut child = start(EMBEDDED, &["shutdown_on_any"], &[]);
    child.says("started long");
    let end = child.end();
    assert_eq!((end.code(), end.err()), (Some(1), "Error: shut down without waiting for `long`".to_owned()));
    assert_eq!(end.said.out, ["started long", "dropped long"]);
}

#[test]
fn the_current_runtime_is_found_from_everywhere() {
    let end = run(env!("CARGO_BIN_EXE_two_runtimes"), &[], &[]);
    end.is_orderly();
    assert_eq!(
        end.said.out,
        [
            "before any: none, refused: true",
            "on a plain thread: one",
            "on the first: one",
            "on the second: two",
            "in a task of the second: two",
            "in a run of two: two, and its context has two",
            "in a plain run of two: two",
            "on the second, which has two: three",
            "in a run of two: two, and its context has two",
            "in a run of three: three, and its context has three",
            "in a plain run of three: three",
            "on a plain thread, without the first: two",
            "after all: none, refused: true",
        ]
    );
}
