//! What the environment says of the jobs: the same grammar and the same checks as in the attribute.

mod child;

use child::{End, place, run, start};

const LISTING: &str = env!("CARGO_BIN_EXE_listing");

fn listed(variables: &[(&str, &str)]) -> End {
    run(LISTING, &[], variables)
}

/// What `listing` says of a job.
#[track_caller]
fn of<'e>(end: &'e End, job: &str) -> &'e str {
    end.is_orderly();
    let line = end.said.out.iter().find_map(|line| line.strip_prefix(job)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("`{job}` is not listed: {end:#?}"))
}

fn at(function: &str) -> String {
    place("tests/src/bin/listing.rs", include_str!("../src/bin/listing.rs"), &format!("async fn {function}("))
}

#[test]
fn a_variable_sets_an_option() {
    let usual = listed(&[]);
    let end = listed(&[
        ("JOB_SWEEP_EVERY", "5m"),
        ("JOB_POLL_ON_OVERLAP", "queue"),
        ("JOB_COUNT_ENABLED", "false"),
        ("JOB_OLD_FILES_V2_MAX_ATTEMPTS", "4"),
    ]);
    assert!(of(&end, "sweep").starts_with("every 5m,"), "{end:#?}");
    assert!(of(&end, "poll").contains("on_overlap queue"), "{end:#?}");
    assert!(of(&end, "count").ends_with("paused: disabled"), "{end:#?}");
    assert!(of(&end, "old-files.v2").contains("max_attempts 4"), "{end:#?}");
    assert_eq!(of(&end, "sweep_all"), of(&usual, "sweep_all"));
}

#[test]
fn the_longest_name_of_a_job_is_the_one_meant() {
    let end = listed(&[("JOB_SWEEP_ALL_EVERY", "2h")]);
    assert!(of(&end, "sweep_all").starts_with("every 2h,"), "{end:#?}");
    assert!(of(&end, "sweep").starts_with("every 10m,"), "{end:#?}");
    listed(&[("JOB_SWEEP_ALL_EVRY", "2h")])
        .is_refused(&[&format!("{}: … `JOB_SWEEP_ALL_EVRY` … did you mean `every`?", at("sweep_all"))]);
}

#[test]
fn the_environment_goes_before_configure() {
    let end = run(LISTING, &["every:sweep=5m"], &[("JOB_SWEEP_EVERY", "7m")]);
    assert!(of(&end, "sweep").starts_with("every 7m,"), "{end:#?}");
}

#[test]
fn a_bad_value_is_refused_with_the_variable_and_the_place() {
    for (variable, value, said) in [
        ("JOB_SWEEP_EVERY", "5", "`every`"),
        ("JOB_SWEEP_EVERY", "", "`every`"),
        ("JOB_SWEEP_ENABLED", "maybe", "`true` or `false`"),
        ("JOB_SWEEP_MAX_ATTEMPTS", "0", "a number from 1"),
        ("JOB_SWEEP_ON_OVERLAP", "ignor", "did you mean `ignore`?"),
    ] {
        let expected = format!("{}: the environment has `{variable}` … {said}", at("sweep"));
        listed(&[(variable, value)]).is_refused(&[&expected]);
    }
}

#[test]
fn an_option_that_does_not_exist_is_refused() {
    listed(&[("JOB_SWEEP_EVRY", "5m")]).is_refused(&[&format!(
        "{}: … `JOB_SWEEP_EVRY` … `evry` is not an option … did you mean `every`?",
        at("sweep")
    )]);
    listed(&[("JOB_SWEEP_COLOUR", "red")])
        .is_refused(&[&format!("{}: … `JOB_SWEEP_COLOUR` … `colour` is not an option", at("sweep"))]);
}

#[test]
fn the_variables_of_others_are_left_alone() {
    let foreign = [
        ("JOB_NAME", "nightly-build"),
        ("JOB_ID", "42"),
        ("JOB_COMPLETION_INDEX", "0"),
        ("JOB_EVERY", "never"),
        ("JOB_SWEEPER_EVERY", "never"),
        ("JOB_SWEEP", "yes"),
        ("JOBS", "8"),
        ("JOBS_COUNT", "8"),
        ("MY_JOB_SWEEP_EVERY", "never"),
        ("job_sweep_every", "never"),
    ];
    let (usual, end) = (listed(&[]), listed(&foreign));
    usual.is_orderly();
    end.is_orderly();
    assert_eq!(end.said.out, usual.said.out);
}

#[test]
fn all_jobs_can_be_disabled() {
    let end = listed(&[("JOBS_DISABLE", "all")]);
    end.is_orderly();
    assert_eq!(end.said.out.len(), 6);
    assert!(end.said.out.iter().all(|line| line.ends_with("paused: disabled")), "{end:#?}");
}

#[test]
fn a_disabled_job_does_not_run() {
    let program = env!("CARGO_BIN_EXE_draining");
    let mut child = start(program, &["only=ticking,working"], &[("JOBS_DISABLE", "working")]);
    // Both were due at once; the other one's ticks go on.
    for _ in 0..5 {
        child.says("event: ticking started");
    }
    assert!(child.seen().out.iter().any(|line| line == "event: working skipped, paused"), "{:#?}", child.seen());
    assert!(child.seen().out.iter().all(|line| line != "event: working started"), "{:#?}", child.seen());
}

#[test]
fn some_jobs_can_be_disabled() {
    let end = listed(&[("JOBS_DISABLE", "sweep, old-files.v2,crate::poll")]);
    for (job, disabled) in [("sweep", true), ("old-files.v2", true), ("poll", true), ("sweep_all", false)] {
        assert_eq!(of(&end, job).ends_with("paused: disabled"), disabled, "{job}: {end:#?}");
    }
}

#[test]
fn disabling_what_is_no_job_is_refused() {
    listed(&[("JOBS_DISABLE", "sweep,pol")])
        .is_refused(&["`JOBS_DISABLE` names `pol`, which is not a job; did you mean `poll`?"]);
}

#[test]
fn a_misspelt_setting_is_refused() {
    listed(&[("JOBS_DISABEL", "all")])
        .is_refused(&["the environment has `JOBS_DISABEL`; did you mean `JOBS_DISABLE`?"]);
    listed(&[("JOBS_SHUTDOWN_TIMOUT", "5s")])
        .is_refused(&["the environment has `JOBS_SHUTDOWN_TIMOUT`; did you mean `JOBS_SHUTDOWN_TIMEOUT`?"]);
}

#[test]
fn a_bad_shutdown_timeout_is_refused_with_the_variable() {
    listed(&[("JOBS_SHUTDOWN_TIMEOUT", "soon")]).is_refused(&[" … `JOBS_SHUTDOWN_TIMEOUT` … `soon`"]);
}

#[test]
fn contradictions_made_by_variables_are_refused() {
    for (variables, job, said) in [
        (vec![("JOB_SWEEP_ALIGN", "true"), ("JOB_SWEEP_DELAY_MODE", "shifted")], "sweep", "`align` … `delay_mode"),
        (vec![("JOB_SWEEP_ALIGN", "true"), ("JOB_SWEEP_INITIAL_DELAY", "1m")], "sweep", "`align` … `initial_delay`"),
        (vec![("JOB_POLL_MAX_RUNNING", "2")], "poll", "`max_running`"),
        (vec![("JOB_COUNT_ON_OVERLAP", "run")], "count", "`&mut` state"),
    ] {
        listed(&variables).is_refused(&[&format!("{}: job `{job}`: … {said}", at(job))]);
    }
}

#[test]
fn several_variables_are_refused_together() {
    let bad = [("JOB_SWEEP_EVERY", "5"), ("JOB_POLL_EVRY", "5m"), ("JOBS_DISABLE", "colour")];
    listed(&bad).is_refused(&[
        "`JOBS_DISABLE` names `colour`",
        &format!("{}: … `JOB_SWEEP_EVERY`", at("sweep")),
        &format!("{}: … `JOB_POLL_EVRY`", at("poll")),
    ]);
}

#[cfg(unix)]
#[test]
fn the_shutdown_timeout_of_the_environment_goes_before_that_of_the_program() {
    let arguments = ["only=deaf", "shutdown_timeout=1h", "job_shutdown:deaf=infinity"];
    let mut child = start(env!("CARGO_BIN_EXE_draining"), &arguments, &[("JOBS_SHUTDOWN_TIMEOUT", "100ms")]);
    child.says_all(&["ready", "deaf started"]);
    child.signal("TERM");
    let end = child.end();
    assert_eq!((end.code(), end.err()), (Some(1), "Error: shut down without waiting for `deaf`".to_owned()));
}

#[test]
fn a_new_name_hides_no_other_variable() {
    let end = listed(&[
        ("JOB_SWEEP_EVERY", "5m"),
        ("JOB_SWEEP_NAME", "broom"),
        ("JOB_SWEEP_TIMEOUT", "9s"),
        ("JOB_SWEEP_ON_OVERLAP", "queue"),
    ]);
    let broom = of(&end, "broom");
    assert!(broom.starts_with("every 5m,") && broom.contains("on_overlap queue") && broom.contains("timeout 9s"));
}

#[test]
fn what_is_disabled_stays_so() {
    for name in ["all", "sweep"] {
        let end = listed(&[("JOBS_DISABLE", name), ("JOB_SWEEP_ENABLED", "true")]);
        assert!(of(&end, "sweep").ends_with("paused: disabled"), "{end:#?}");
    }
}

#[test]
fn what_can_only_stand_at_the_attribute_is_told_so() {
    for option in ["WHEN", "COMPANION", "CRATE"] {
        let (variable, option) = (format!("JOB_SWEEP_{option}"), option.to_lowercase());
        let expected = format!("{}: … `{variable}` … `{option}` can only stand at the attribute", at("sweep"));
        listed(&[(&variable, "x")]).is_refused(&[&expected]);
    }
}

#[test]
fn near_misses_of_all_and_of_paths_are_named() {
    listed(&[("JOBS_DISABLE", "All")]).is_refused(&["`JOBS_DISABLE` names `All` … did you mean `all`?"]);
    listed(&[("JOBS_DISABLE", "crate::sweeep")])
        .is_refused(&["`JOBS_DISABLE` names `crate::sweeep` … did you mean `crate::sweep`?"]);
}

#[test]
fn a_variable_that_could_be_for_two_jobs_is_refused() {
    let end = run(LISTING, &["name:poll=old_files-v2"], &[("JOB_OLD_FILES_V2_EVERY", "5m")]);
    end.is_refused(&[
        "the environment has `JOB_OLD_FILES_V2_EVERY` … could be for `listing::old_files` or `listing::poll`: give one of them another name",
    ]);
}

#[test]
fn to_disable_goes_by_the_names_before_too() {
    let end = listed(&[("JOB_SWEEP_NAME", "poll2"), ("JOBS_DISABLE", "sweep")]);
    assert!(of(&end, "poll2").ends_with("paused: disabled"), "{end:#?}");
}
