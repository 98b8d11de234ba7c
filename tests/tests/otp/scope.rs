//! Whose budget it is: of a service its own, of an instance its own, of a group one for all its members, against which
//! a restart of many counts once. OTP has one per supervisor; `Parent` counts a group restart once too.

use job_runtime::Context;

use crate::crew::{Cues, End, Failure, end, services, with};
use crate::stage::starts;

services![one, other];

#[tokio::test(start_paused = true)]
async fn scope_each_service_has_a_budget_of_its_own() {
    let (jobs, cues) = with(&["one", "other"], |jobs| {
        jobs.configure("one", |job| job.backoff("0s")).configure("other", |job| job.backoff("0s"))
    })
    .await;
    for _ in 0..3 {
        end(&jobs, &cues, "one", End::Err).await;
        end(&jobs, &cues, "other", End::Err).await;
    }
    assert_eq!((starts(&jobs, "one"), starts(&jobs, "other")), (vec![0; 4], vec![0; 4]));
    assert_eq!(jobs.running().len(), 2);
}

#[job_runtime::service(backoff = "0s")]
async fn for_each(number: u32, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    cues.play_as(&format!("for_each {number}"), cx).await
}

#[tokio::test(start_paused = true)]
async fn scope_each_instance_has_a_budget_of_its_own() {
    let (jobs, cues) = with(&["for_each"], |jobs| jobs).await;
    for number in 0..4 {
        for_each::start(number).expect("it is not started yet");
    }
    for _ in 0..3 {
        for number in 0..4 {
            end(&jobs, &cues, &format!("for_each {number}"), End::Err).await;
        }
    }
    assert_eq!((starts(&jobs, "for_each").len(), jobs.running().len()), (16, 4));
    end(&jobs, &cues, "for_each 2", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("the fourth of one instance").is_gave_up());
}

services![shares, shares_too];
job_runtime::group!(pub SHARED = [shares, shares_too], strategy = "one_for_one", max_restarts = 3, max_seconds = 5);

#[tokio::test(start_paused = true)]
async fn scope_members_of_a_group_share_one_budget() {
    let (jobs, cues) = with(&["shares", "shares_too"], |jobs| {
        jobs.configure("shares", |job| job.backoff("0s")).configure("shares_too", |job| job.backoff("0s"))
    })
    .await;
    for who in ["shares", "shares_too", "shares"] {
        end(&jobs, &cues, who, End::Err).await;
    }
    assert_eq!(jobs.running().len(), 2);
    end(&jobs, &cues, "shares_too", End::Err).await;
    let error = jobs.runtime().join().await.expect_err("the fourth of the group");
    assert!(error.to_string().starts_with("group `SHARED` used up its restarts (3 in 5s)"), "{error}");
}

services![together_a, together_b, together_c];
job_runtime::group!(pub TOGETHER = [together_a, together_b, together_c], strategy = "one_for_all", max_restarts = 2);

#[tokio::test(start_paused = true)]
async fn scope_a_restart_of_a_whole_group_counts_once() {
    let names = ["together_a", "together_b", "together_c"];
    let (jobs, cues) =
        with(&names, |jobs| names.into_iter().fold(jobs, |jobs, name| jobs.configure(name, |job| job.backoff("0s"))))
            .await;
    for who in ["together_b", "together_a"] {
        end(&jobs, &cues, who, End::Err).await;
    }
    for who in names {
        assert_eq!(starts(&jobs, who), [0; 3], "{who}");
    }
    assert_eq!(jobs.running().len(), 3);
    end(&jobs, &cues, "together_c", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("the third restart").is_gave_up());
}
