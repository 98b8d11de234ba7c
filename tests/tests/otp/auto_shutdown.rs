//! `auto_shutdown`: OTP's supervisors can end when a significant child has ended. We have no option for it: the end of
//! a service ends nothing else, and one that is to end the program says so itself.

use job_runtime::{Context, service};

use crate::crew::{End, end, services, told, with};

services![significant];

#[tokio::test(start_paused = true)]
async fn auto_shutdown_is_never() {
    let (jobs, cues) =
        with(&["significant"], |jobs| jobs.configure("significant", |job| job.restart("temporary"))).await;
    end(&jobs, &cues, "significant", End::Err).await;
    jobs.advance("1h").await;
    assert_eq!(told(&jobs), ["0ms significant started", "0ms significant failed"]);
    assert!(jobs.runtime().health().await.ready);
}

#[service(restart = "temporary")]
async fn ends_all(cx: &Context) -> job_runtime::Result {
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    cx.runtime().shutdown().await
}

#[tokio::test(start_paused = true)]
async fn auto_shutdown_of_any_significant_is_a_call_of_the_service_itself() {
    let (jobs, _cues) = with(&["significant", "ends_all"], |jobs| jobs).await;
    jobs.advance("1s").await;
    let told = told(&jobs);
    assert!(told.contains(&"1000ms shutdown started".to_owned()), "{told:#?}");
    assert_eq!(told.last().expect("it ended"), "1000ms shutdown finished, abandoned []");
    jobs.runtime().join().await.expect("it ended in order");
}
