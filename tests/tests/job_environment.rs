//! Jobs on demand in a process of their own: what the environment says of them, and from where they are spawned.

mod child;

use child::{End, run};

const ON_DEMAND: &str = env!("CARGO_BIN_EXE_on_demand");

fn listed(variables: &[(&str, &str)]) -> End {
    run(ON_DEMAND, &["list"], variables)
}

/// What is listed of a job.
#[track_caller]
fn of<'e>(end: &'e End, job: &str) -> &'e str {
    end.is_orderly();
    let line = end.said.out.iter().find_map(|line| line.strip_prefix(job)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("`{job}` is not listed: {end:#?}"))
}

#[test]
fn each_option_can_be_set_by_a_variable() {
    for (variable, value, shown) in [
        ("JOB_GREETS_MAX_ATTEMPTS", "7", "max_attempts 7"),
        ("JOB_GREETS_BACKOFF", "1s..9m", "backoff 1s..9m"),
        ("JOB_GREETS_TIMEOUT", "90s", "timeout 1m30s"),
        ("JOB_GREETS_MAX_RUNNING", "3", "max_running 3"),
        ("JOB_GREETS_MAX_PENDING", "0", "max_pending 0"),
        ("JOB_GREETS_JOB_SHUTDOWN", "brutal_kill", "job_shutdown brutal_kill"),
        ("JOB_GREETS_ENABLED", "false", "paused: disabled"),
    ] {
        let (usual, end) = (listed(&[]), listed(&[(variable, value)]));
        assert!(of(&end, "greets").contains(shown), "{end:#?}");
        assert!(!of(&usual, "greets").contains(shown), "{usual:#?}");
        assert_eq!(of(&end, "adds"), of(&usual, "adds"));
    }
    assert!(of(&listed(&[("JOB_GREETS_NAME", "hi")]), "hi").contains("max_attempts 2"));
    assert!(of(&listed(&[("JOB_OLD_MAIL_V2_TIMEOUT", "5s")]), "old-mail.v2").contains("timeout 5s"));
    assert!(of(&listed(&[]), "adds").starts_with("serial, "));
}

#[test]
fn bad_variables_are_refused_together() {
    listed(&[
        ("JOB_GREETS_MAX_PENDING", "-1"),
        ("JOB_ADDS_TIMOUT", "5s"),
        ("JOB_OLD_MAIL_V2_EVERY", "5m"),
        ("JOBS_DISABLE", "greet"),
    ])
    .is_refused(&[
        "`JOBS_DISABLE` names `greet`, which is not a job; did you mean `greets`?",
        " … `JOB_ADDS_TIMOUT` … did you mean `timeout`?",
        " … `JOB_GREETS_MAX_PENDING` … a number from 0",
        " … `JOB_OLD_MAIL_V2_EVERY` … goes with `#[periodic]`",
    ]);
}

#[test]
fn a_disabled_job_lets_wait_what_is_spawned() {
    for disable in ["greets", "greets,adds", "crate::greets"] {
        let end = run(ON_DEMAND, &["disabled"], &[("JOBS_DISABLE", disable)]);
        end.is_orderly();
        assert_eq!(end.said.out, ["available", "resumed: hello you"], "{disable}");
    }
    let end = listed(&[("JOBS_DISABLE", "all")]);
    assert!(end.said.out.len() == 4 && end.said.out.iter().all(|line| line.ends_with("paused: disabled")), "{end:#?}");
}

#[test]
fn jobs_are_spawned_from_everywhere() {
    let end = run(ON_DEMAND, &[], &[]);
    end.is_orderly();
    let refused = |place: &str, why: &str| format!("{place}: refused true: the job was refused: {why}");
    let none = "no job runtime is running here: start one with `job_runtime::run_all()`";
    let said = [
        refused("before the start", none),
        "main: hello main".to_owned(),
        "a task: hello task".to_owned(),
        "a thread: hello thread".to_owned(),
        "another tokio: hello tokio".to_owned(),
        "a plain fn: hello plain on greets_on_a_thread".to_owned(),
        "a thread in order: Some(6)".to_owned(),
        refused("after the shutdown", "the job runtime is shutting down"),
        refused("without a runtime", none),
        "current: false".to_owned(),
    ];
    assert_eq!(end.said.out, said);
}
