//! How a program ends: real processes, real signals.

#![cfg(unix)]

mod child;

use child::{Child, run, start};
use std::os::unix::process::ExitStatusExt;

const STUCK: &str = env!("CARGO_BIN_EXE_stuck");
const TERM: i32 = 15;

/// Starts some jobs of `draining`, and waits until they run and signals are heard.
fn draining(jobs: &[&str], arguments: &[&str]) -> Child {
    let only = format!("only={}", jobs.join(","));
    let arguments: Vec<&str> = arguments.iter().copied().chain([&*only]).collect();
    let mut child = start(env!("CARGO_BIN_EXE_draining"), &arguments, &[]);
    let started: Vec<String> = jobs.iter().map(|job| format!("event: {job} started")).collect();
    child.says_all(&started.iter().map(String::as_str).chain(["ready"]).collect::<Vec<_>>());
    child
}

// ---- runs that end, and runs that do not

#[test]
fn a_signal_ends_the_program_when_its_runs_have_ended() {
    for signal in ["TERM", "INT"] {
        let mut child = draining(&["orderly"], &[]);
        child.signal(signal);
        child.says("orderly was asked");
        // It has as long as it needs: it ends when its input does.
        let end = child.end();
        end.is_orderly();
        let last: Vec<&str> = end.said.out.iter().rev().take(2).rev().map(String::as_str).collect();
        assert_eq!(last, ["orderly ended", "event: orderly completed: no error"], "{signal}");
    }
}

#[test]
fn a_run_that_cannot_hear_the_request_still_has_its_grace() {
    let mut child = draining(&["unaware", "orderly"], &[]);
    child.signal("TERM");
    child.says("orderly was asked");
    let end = child.end();
    end.is_orderly();
    assert!(end.said.out.iter().any(|line| line == "event: unaware completed: no error"), "{end:#?}");
}

#[test]
fn a_run_that_ignores_the_request_is_dropped_and_named() {
    let child = draining(&["deaf"], &[]);
    child.signal("TERM");
    let end = child.end();
    assert_eq!((end.code(), end.err()), (Some(1), "Error: shut down without waiting for `deaf`".to_owned()));
    assert!(end.said.out.iter().any(|line| line == "event: deaf interrupted: no error"), "{end:#?}");
}

#[test]
fn the_shutdown_timeout_bounds_an_infinite_grace() {
    let child = draining(&["deaf"], &["job_shutdown:deaf=infinity", "shutdown_timeout=100ms"]);
    child.signal("TERM");
    let end = child.end();
    assert_eq!((end.code(), end.err()), (Some(1), "Error: shut down without waiting for `deaf`".to_owned()));
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    for signals in [["TERM", "TERM"], ["INT", "INT"], ["TERM", "INT"]] {
        for limit in ["1h", "infinity"] {
            let limit = format!("shutdown_timeout={limit}");
            let mut child = draining(&["deaf"], &["job_shutdown:deaf=infinity", &limit]);
            child.signal(signals[0]);
            child.says("deaf was asked");
            child.signal(signals[1]);
            let end = child.end();
            assert_eq!(end.code(), Some(1), "{end:#?}");
            assert!(end.err().contains("a second signal") && end.err().contains("`deaf`"), "{end:#?}");
        }
    }
}

#[test]
fn a_program_that_holds_its_runtime_itself_keeps_its_own_signals() {
    let mut child = start(env!("CARGO_BIN_EXE_embedded"), &["signals"], &[]);
    child.says("ready");
    child.signal("TERM");
    let end = child.end();
    assert_eq!((end.status.signal(), end.err()), (Some(TERM), String::new()));
}

// ---- quiet

#[test]
fn usr1_starts_no_tick_any_more_and_lets_the_rest_go_on() {
    let mut child = draining(&["ticking", "working"], &[]);
    child.signal("USR1");
    child.says("event: ticking skipped, paused");
    let quiet = child.seen().out.len();
    // A second one changes nothing.
    child.signal("USR1");
    for _ in 0..5 {
        child.says("event: ticking skipped, paused");
        child.says("working");
    }
    child.signal("TERM");
    let end = child.end();
    end.is_orderly();
    let after = &end.said.out[quiet..];
    assert!(after.iter().all(|line| line != "event: ticking started"), "{end:#?}");
    assert!(after.iter().any(|line| line == "working ended"), "{end:#?}");
}

// ---- runs that never give their thread back

/// Starts jobs of `stuck`, and waits until they are stuck.
fn stuck(flavour: &str, jobs: &[&str], arguments: &[&str]) -> Child {
    let only = format!("only={}", jobs.join(","));
    let arguments: Vec<&str> = ["shutdown_timeout=100ms", &only].into_iter().chain(arguments.iter().copied()).collect();
    let mut child = start(STUCK, &arguments, &[("FLAVOUR", flavour)]);
    let started: Vec<String> = jobs.iter().map(|job| format!("{job} started")).collect();
    child.says_all(&started.iter().map(String::as_str).chain(["ready"]).collect::<Vec<_>>());
    child
}

/// Asks for the end, and expects these jobs to be named.
fn names_at_its_end(child: Child, jobs: &[&str]) {
    child.signal("TERM");
    let end = child.end();
    assert_eq!(end.code(), Some(1), "{end:#?}");
    for job in jobs {
        assert!(end.err().contains(&format!("`{job}`")), "{job} is not named: {end:#?}");
    }
    assert!(!end.err().contains("panicked"), "{end:#?}");
}

fn is_ended_and_named(flavour: &str, jobs: &[&str]) {
    names_at_its_end(stuck(flavour, jobs, &[]), jobs);
}

#[test]
fn an_endless_plain_function_does_not_keep_the_process() {
    is_ended_and_named("workers", &["endless"]);
    is_ended_and_named("current_thread", &["endless"]);
}

#[test]
fn an_async_function_that_blocks_does_not_keep_the_process() {
    is_ended_and_named("workers", &["blocks"]);
}

#[test]
fn an_async_function_that_blocks_the_main_thread_does_not_keep_the_process() {
    is_ended_and_named("current_thread", &["blocks"]);
}

#[test]
fn as_many_blocking_functions_as_workers_do_not_keep_the_process() {
    is_ended_and_named("workers", &["blocks", "blocks_too"]);
}

#[test]
fn all_kinds_of_stuck_functions_together_do_not_keep_the_process() {
    is_ended_and_named("workers", &["blocks", "blocks_too", "endless"]);
}

#[test]
fn a_guard_that_blocks_does_not_keep_the_process() {
    for flavour in ["workers", "current_thread"] {
        is_ended_and_named(flavour, &["asks_a_guard_that_blocks"]);
    }
}

#[test]
fn a_second_signal_ends_what_keeps_the_process_after_its_jobs_have_ended() {
    for second in ["TERM", "INT"] {
        let mut child = start(STUCK, &["shutdown_timeout=100ms", "only=leaves_a_thread"], &[]);
        child.says_all(&["leaves_a_thread started", "ready"]);
        child.signal("TERM");
        child.says("event: leaves_a_thread interrupted: no error");
        child.says("ended");
        child.signal(second);
        let end = child.end();
        assert_eq!(end.code(), Some(1), "{end:#?}");
        assert!(end.err().contains("a second signal came, after the jobs had ended"), "{end:#?}");
    }
}

/// Starts a job that goes on over its timeout, waits until that has passed, and asks for the end. Where there is no
/// shutdown timeout, nobody ends the program but the runtime that finds it stuck.
fn is_ended_and_named_after_its_timeout(job: &str) {
    for (grace, limit) in [("brutal_kill", "infinity"), ("100ms", "infinity"), ("infinity", "100ms")] {
        let arguments = [format!("job_shutdown:{job}={grace}"), format!("shutdown_timeout={limit}")];
        let mut child = stuck("workers", &[job, "over_its_timeout"], &arguments.each_ref().map(String::as_str));
        child.says("event: over_its_timeout timed_out: it took longer than its timeout");
        names_at_its_end(child, &[job]);
    }
}

#[test]
fn a_function_that_blocks_and_was_dropped_by_its_timeout_before_does_not_keep_the_process() {
    is_ended_and_named_after_its_timeout("blocks_over_its_timeout");
}

#[test]
fn an_endless_plain_function_that_is_over_its_timeout_does_not_keep_the_process() {
    is_ended_and_named_after_its_timeout("endless_over_its_timeout");
}

#[test]
fn a_second_signal_ends_a_stuck_program_at_once() {
    for flavour in ["workers", "current_thread"] {
        let mut child = start(STUCK, &["shutdown_timeout=1h", "only=blocks"], &[("FLAVOUR", flavour)]);
        child.says_all(&["blocks started", "ready"]);
        child.signal("TERM");
        // One signal that comes while another of its kind waits is lost, so it is sent in another kind.
        child.signal("INT");
        let end = child.end();
        assert_eq!(end.code(), Some(1), "{end:#?}");
        assert!(end.err().contains("`blocks`"), "{flavour}: {end:#?}");
    }
}

/// Awaits ticks of another job beside one that keeps its thread.
fn others_go_on_beside(stuck: &str) {
    let mut child = start(STUCK, &[&format!("only={stuck},bystander")], &[]);
    child.says(&format!("{stuck} started"));
    for _ in 0..20 {
        child.says("event: bystander completed: no error");
    }
}

#[test]
fn the_ticks_of_others_go_on_beside_an_endless_plain_function() {
    others_go_on_beside("endless");
}

#[test]
fn the_ticks_of_others_go_on_beside_a_function_that_blocks() {
    others_go_on_beside("blocks");
}

#[test]
fn the_ticks_of_others_go_on_beside_a_function_that_blocks_when_it_comes_due_alone() {
    others_go_on_beside("blocks_later");
}

#[test]
fn the_ticks_of_others_go_on_beside_a_function_that_blocks_after_an_await() {
    others_go_on_beside("blocks_after_an_await");
}

#[test]
fn one_of_a_crowd_that_blocks_does_not_keep_the_others() {
    let mut child = start(env!("CARGO_BIN_EXE_crowd"), &[], &[]);
    for _ in 1..40 {
        child.says("a member ran");
    }
}

#[test]
fn a_function_that_blocks_is_named_while_it_does() {
    let mut child = start(STUCK, &["only=blocks,bystander"], &[]);
    child.says("event: blocks blocking");
}

// ---- listeners that never return

/// Starts `stuck_observer`, and sends it a signal twice, the second of another kind or not.
fn is_ended_by_the_second(kind: &str, signals: [&str; 2]) {
    let mut child = start(env!("CARGO_BIN_EXE_stuck_observer"), &[kind], &[]);
    let (mut before, mut after) = (vec!["ready", "lasting started"], vec!["lasting was asked"]);
    if kind == "shutdown" { &mut after } else { &mut before }.push("the observer is stuck");
    child.says_all(&before);
    child.signal(signals[0]);
    child.says_all(&after);
    child.signal(signals[1]);
    let end = child.end();
    assert_eq!(end.code(), Some(1), "{end:#?}");
    assert!(end.err().contains("a second signal") && end.err().contains("`lasting`"), "{end:#?}");
}

#[test]
fn a_second_signal_ends_a_program_whose_observer_is_stuck() {
    for kind in ["start", "end", "shutdown"] {
        is_ended_by_the_second(kind, ["TERM", "TERM"]);
        is_ended_by_the_second(kind, ["TERM", "INT"]);
    }
}

// ---- runs that fail

#[test]
fn jobs_that_fail_each_time_are_named_and_the_others_go_on() {
    let mut child = start(env!("CARGO_BIN_EXE_failing"), &[], &[]);
    let place = |text: &str| {
        let source = include_str!("../src/bin/failing.rs");
        source.lines().position(|line| line.contains(text)).expect("it is there") + 1
    };
    let panics = format!(
        "event: panics panicked: it went wrong, at tests/src/bin/failing.rs:{}",
        place("panic!(\"it went wrong\")")
    );
    let panics_on_its_thread = format!(
        "event: panics_on_its_thread panicked: it went wrong there, at tests/src/bin/failing.rs:{}",
        place("panic!(\"it went wrong there\")")
    );
    let lines = [
        &*panics,
        &*panics_on_its_thread,
        "event: fails failed: it did not work",
        "event: bystander completed: no error",
    ];
    for _ in 0..5 {
        child.says_all(&lines);
    }
    child.signal("TERM");
    assert_eq!(child.end().code(), Some(0));
}

#[test]
fn a_refused_start_leaves_the_signals_alone() {
    // It ends by itself: nothing waits for a signal.
    assert_eq!(run(env!("CARGO_BIN_EXE_no_jobs"), &[], &[]).code(), Some(1));
}
