//! Groups at the start: their members, from this crate and others, and what is refused.

mod crew;
mod stage;

use crew::{Cues, End, end, services, told, with};
use job_runtime::{Error, JobConfig, Kind, Result, group, periodic, service};
use stage::{auto, manual, starts};

// ---- what there is

services![local_first, local_last];
group!(pub FROM_AFAR = [local_first, linked_jobs::from_a_library, local_last], strategy = "one_for_all");

#[tokio::test(start_paused = true)]
async fn members_may_be_from_another_crate() {
    let (jobs, cues) = with(&["local_first", "from_a_library", "local_last"], |jobs| jobs).await;
    assert_eq!(FROM_AFAR.name(), "FROM_AFAR");
    let info = jobs.runtime().job("from_a_library").expect("it is linked");
    assert_eq!((info.kind, info.group.as_deref()), (Kind::Periodic, Some("FROM_AFAR")));
    assert_eq!(starts(&jobs, "from_a_library"), [0]);
    end(&jobs, &cues, "local_last", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "from_a_library"), [0, 500]);
    assert_eq!((starts(&jobs, "local_first"), starts(&jobs, "local_last")), (vec![0, 500], vec![0, 500]));
}

#[tokio::test(start_paused = true)]
async fn members_that_are_left_out_are_not_missed() {
    let (jobs, cues) = with(&["local_last", "local_first"], |jobs| jobs).await;
    end(&jobs, &cues, "local_last", End::Err).await;
    jobs.advance("500ms").await;
    let expected = [
        "0ms local_first started",
        "0ms local_last started",
        "0ms local_last failed",
        "0ms local_last restarts in 500ms",
        "0ms local_first cancelled",
        "500ms local_first started",
        "500ms local_last started",
    ];
    assert_eq!(told(&jobs), expected);
}

#[tokio::test(start_paused = true)]
async fn a_member_alone_is_still_in_its_group() {
    let (jobs, _cues) = with(&["local_last"], |jobs| jobs).await;
    assert_eq!(jobs.runtime().job("local_last").expect("it is there").group.as_deref(), Some("FROM_AFAR"));
}

#[tokio::test(start_paused = true)]
async fn in_manual_mode_a_group_starts_and_restarts_nothing() {
    let cues = Cues::default();
    let jobs = manual(&["local_first", "local_last"]).data(cues.clone()).await;
    jobs.advance("1h").await;
    assert!(told(&jobs).is_empty());
    cues.end("local_last", End::Err);
    jobs.tick("local_last").await.expect("it ends");
    jobs.advance("1h").await;
    assert_eq!(told(&jobs), ["3600000ms local_last started", "3600000ms local_last failed"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_not_enabled_begins_when_it_is_resumed() {
    let (jobs, cues) =
        with(&["local_first", "local_last"], |jobs| jobs.configure("local_first", |job| job.enabled(false))).await;
    end(&jobs, &cues, "local_last", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!((starts(&jobs, "local_first").len(), starts(&jobs, "local_last").len()), (0, 2));
    local_first::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "local_first"), [500]);
}

// ---- what is refused

type Change = fn(JobConfig) -> Result<JobConfig>;

/// The mistakes with which a start of these jobs is refused.
async fn refused(names: &[&str], configure: Option<(&str, Change)>) -> Vec<String> {
    let jobs = auto(names).data(Cues::default());
    let jobs = configure.into_iter().fold(jobs, |jobs, (job, change)| jobs.configure(job, change));
    let error: Error = jobs.try_start().await.expect_err("it is refused");
    assert!(error.is_configuration(), "{error}");
    let text = error.to_string();
    let list = text.split_once("nothing was started:\n  - ").map_or(&*text, |(_, list)| list);
    list.split("\n  - ").map(str::to_owned).collect()
}

/// `file:line` of what is written in this file with such a beginning.
fn place(beginning: &str) -> String {
    let line = include_str!("group_start.rs").lines().position(|line| line.starts_with(beginning));
    format!("{}:{}", file!(), line.expect("it is written") + 1)
}

services![written_twice];
group!(pub TWICE = [written_twice, self::written_twice]);

/// Written twice alike it is refused by the macro.
#[tokio::test(start_paused = true)]
async fn a_member_twice_by_two_names_is_refused() {
    let place = place("group!(pub TWICE");
    let told = format!(
        "{place}: group `TWICE` has one job twice, as `written_twice` and as `self::written_twice`: leave one out"
    );
    assert_eq!(refused(&["written_twice"], None).await, [told]);
}

services![in_two];
group!(pub ONE_OF_TWO = [in_two]);
group!(pub OTHER_OF_TWO = [in_two]);

#[tokio::test(start_paused = true)]
async fn a_member_of_two_groups_is_refused_with_both_places() {
    let (one, other) = (place("group!(pub ONE_OF_TWO"), place("group!(pub OTHER_OF_TWO"));
    let told = format!(
        "{other}: group `OTHER_OF_TWO` has a member `in_two`, which is in group `ONE_OF_TWO` at {one} already: leave \
         it out of one of them"
    );
    assert_eq!(refused(&["in_two"], None).await, [told]);
}

#[service(max_restarts = 7, on_give_up = "pause")]
async fn with_its_own_budget() {}
group!(pub BUDGETED = [with_its_own_budget, configured]);

services![configured];

#[tokio::test(start_paused = true)]
async fn a_budget_of_its_own_is_refused_with_both_places() {
    let (group, job) = (place("group!(pub BUDGETED"), place("#[service(max_restarts = 7"));
    let told = format!(
        "{group}: group `BUDGETED` restarts its members by its own rules: leave out `max_restarts`, `on_give_up` of \
         `with_its_own_budget` ({job}), wherever that is set"
    );
    assert_eq!(refused(&["with_its_own_budget"], None).await, [told]);
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_its_own_by_configure_is_refused() {
    let (group, job) = (place("group!(pub BUDGETED"), place("services![configured]"));
    for (change, option) in [
        ((|job| job.max_restarts(3)) as Change, "max_restarts"),
        (|job| job.max_seconds(5), "max_seconds"),
        (|job| job.on_give_up("shutdown"), "on_give_up"),
    ] {
        let told = format!(
            "{group}: group `BUDGETED` restarts its members by its own rules: leave out `{option}` of `configured` \
             ({job}), wherever that is set"
        );
        assert_eq!(refused(&["configured"], Some(("configured", change))).await, [told]);
    }
}

#[tokio::test(start_paused = true)]
async fn other_options_are_a_member_s_own() {
    let set = |job: JobConfig| job.backoff("1s")?.restart("transient")?.job_shutdown("1s")?.enabled(true);
    let (jobs, cues) = with(&["configured"], |jobs| jobs.configure("configured", set)).await;
    end(&jobs, &cues, "configured", End::Err).await;
    jobs.advance("1s").await;
    assert_eq!(starts(&jobs, "configured"), [0, 1_000]);
}

#[periodic(every = "1h")]
async fn outside() {}

#[tokio::test(start_paused = true)]
async fn groups_of_which_nobody_is_there_are_not_looked_at() {
    let jobs = auto(&["outside"]).await;
    assert_eq!(jobs.runtime().job("outside").expect("it is there").group, None);
}
