//! Services in real programs: what a `main` returns that gave up, and what is set from outside.

mod child;

use child::{End, run};

const GIVING_UP: &str = env!("CARGO_BIN_EXE_giving_up");

/// Runs some of its services to their end.
fn giving_up(jobs: &str, variables: &[(&str, &str)]) -> End {
    run(GIVING_UP, &[&format!("only={jobs}")], variables)
}

/// Asserts that the program ended with code 1 and one line of these words, after it had looked at the error.
#[track_caller]
fn gave_up(end: &End, words: &str, own: bool) {
    assert_eq!((end.code(), &*end.err()), (Some(1), words), "{end:#?}");
    assert_eq!(end.said.out.last().expect("it said something"), &format!("gave up, for its own error: {own}"));
}

fn times(end: &End, line: &str) -> usize {
    end.said.out.iter().filter(|said| *said == line).count()
}

#[test]
fn a_service_that_gives_up_ends_the_program_with_its_error_and_code_1() {
    let end = giving_up("consume,beside", &[]);
    let words = "Error: service `consume` used up its restarts (2 in 5s); its last error: the bus refused";
    gave_up(&end, words, true);
    assert_eq!(times(&end, "event: consume started"), 3);
    assert_eq!(times(&end, "beside was asked"), 1, "the others stop in order: {end:#?}");
    assert_eq!(times(&end, "event: beside completed: no error"), 1);
}

#[test]
fn a_panic_is_told_with_its_place() {
    let source = include_str!("../src/bin/giving_up.rs");
    let line = source.lines().position(|line| line.contains("it went wrong there")).expect("it is there") + 1;
    let end = giving_up("panics_on_its_thread,beside", &[]);
    let words = format!(
        "service `panics_on_its_thread` used up its restarts (0 in 5s); its last error: it went wrong there, at \
         tests/src/bin/giving_up.rs:{line}"
    );
    assert_eq!(end.code(), Some(1), "{end:#?}");
    assert_eq!(end.said.err.last().expect("it said something"), &format!("Error: {words}"));
    assert_eq!(end.said.out.last().expect("it said something"), "gave up, for its own error: false");
}

#[test]
fn a_group_that_gives_up_names_itself() {
    let end = giving_up("member,beside", &[]);
    gave_up(&end, "Error: group `POOL` used up its restarts (1 in 1m); its last error: the bus refused", true);
    assert_eq!(times(&end, "event: member started"), 2);
}

#[test]
fn the_environment_sets_a_budget() {
    let end = giving_up("consume,beside", &[("JOB_CONSUME_MAX_RESTARTS", "4"), ("JOB_CONSUME_MAX_SECONDS", "60")]);
    let words = "Error: service `consume` used up its restarts (4 in 1m); its last error: the bus refused";
    gave_up(&end, words, true);
    assert_eq!(times(&end, "event: consume started"), 5);
}

#[test]
fn a_budget_of_a_member_by_the_environment_is_refused_with_both_places() {
    for (variable, value) in
        [("JOB_MEMBER_MAX_RESTARTS", "3"), ("JOB_MEMBER_MAX_SECONDS", "9"), ("JOB_MEMBER_ON_GIVE_UP", "pause")]
    {
        let option = variable.trim_start_matches("JOB_MEMBER_").to_lowercase();
        let mistake = format!("leave out `{option}` of `member` (tests/src/bin/giving_up.rs:");
        let end = giving_up("member,beside", &[(variable, value)]);
        end.is_refused(&[&format!("tests/src/bin/giving_up.rs: … group `POOL` restarts its members … {mistake}")]);
    }
}

#[test]
fn a_service_can_be_left_out_by_the_environment() {
    let end = giving_up("consume,member,beside", &[("JOBS_DISABLE", "member")]);
    assert_eq!(end.code(), Some(1), "{end:#?}");
    assert_eq!((times(&end, "event: member started"), times(&end, "event: consume started")), (0, 3));
}
