//! The strategies: whom one that fails takes along. Those that are taken along stop in reverse, one after another, and
//! start again in order.

use crate::crew::{End, end, services, told_since, with};

macro_rules! group_of_three {
    ($group:ident = [$a:ident, $b:ident, $c:ident], $strategy:literal) => {
        services![$a, $b, $c];
        job_runtime::group!(pub $group = [$a, $b, $c], strategy = $strategy);
    };
}

group_of_three!(ONE_FOR_ONE = [one_a, one_b, one_c], "one_for_one");
group_of_three!(ONE_FOR_ALL = [all_a, all_b, all_c], "one_for_all");
group_of_three!(REST_FOR_ONE = [rest_a, rest_b, rest_c], "rest_for_one");

/// What happens at once, and a backoff later, when the middle one of three fails.
async fn when_the_middle_one_fails(names: [&str; 3]) -> Vec<String> {
    let (jobs, cues) = with(&names, |jobs| jobs).await;
    let before = jobs.events().len();
    end(&jobs, &cues, names[1], End::Err).await;
    jobs.advance("10s").await;
    told_since(&jobs, before)
}

#[tokio::test(start_paused = true)]
async fn strategy_one_for_one_restarts_the_one_that_failed() {
    let told = when_the_middle_one_fails(["one_a", "one_b", "one_c"]).await;
    assert_eq!(told, ["0ms one_b failed", "0ms one_b restarts in 500ms", "500ms one_b started"]);
}

#[tokio::test(start_paused = true)]
async fn strategy_one_for_all_restarts_all() {
    let told = when_the_middle_one_fails(["all_a", "all_b", "all_c"]).await;
    let expected = [
        "0ms all_b failed",
        "0ms all_b restarts in 500ms",
        "0ms all_c cancelled",
        "0ms all_a cancelled",
        "500ms all_a started",
        "500ms all_b started",
        "500ms all_c started",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn strategy_rest_for_one_restarts_the_one_that_failed_and_those_started_after_it() {
    let told = when_the_middle_one_fails(["rest_a", "rest_b", "rest_c"]).await;
    let expected = [
        "0ms rest_b failed",
        "0ms rest_b restarts in 500ms",
        "0ms rest_c cancelled",
        "500ms rest_b started",
        "500ms rest_c started",
    ];
    assert_eq!(told, expected);
}

services![by_default_a, by_default_b];
job_runtime::group!(pub BY_DEFAULT = [by_default_a, by_default_b]);

#[tokio::test(start_paused = true)]
async fn strategy_is_one_for_one_unless_told_otherwise() {
    let (jobs, cues) = with(&["by_default_a", "by_default_b"], |jobs| jobs).await;
    let before = jobs.events().len();
    end(&jobs, &cues, "by_default_a", End::Err).await;
    jobs.advance("1s").await;
    let told = told_since(&jobs, before);
    assert_eq!(told, ["0ms by_default_a failed", "0ms by_default_a restarts in 500ms", "500ms by_default_a started"]);
}
