//! The options of jobs in queues, from the code that starts them.

use job_runtime::testing::TestBuilder;
use job_runtime::{job, run_all};

use crate::stage::{auto, manual};
use crate::{Given, row};

#[job(queue = "set")]
async fn queued(given: &Given) {
    given.note("queued");
}

#[job]
async fn spawned() {}

#[job(queue = "set", max_attempts = 20, backoff = "1s..1h")]
async fn tried_often(lines: std::collections::VecDeque<String>) {
    drop(lines);
}

async fn refusal(builder: TestBuilder) -> String {
    let error = builder.try_start().await.expect_err("it is refused");
    assert!(error.is_configuration(), "{error}");
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_later_source_sets_them_anew() {
    let jobs = auto(&["queued", "tried_often"]).data(Given::default());
    let jobs = jobs
        .configure("queued", |job| job.queue("elsewhere")?.priority(7)?.unique_for("1h")?.max_attempts(3))
        .configure("tried_often", |job| job.max_attempts(2))
        .queue("elsewhere", 3)
        .await;
    let put = queued::enqueue().await.expect("it is taken");
    let waiting = row(&jobs, put.id).await;
    assert_eq!((waiting.queue.as_str(), waiting.priority, waiting.max_attempts), ("elsewhere", 7, 3));
    assert!(!queued::enqueue().await.expect("the store answers").is_new);
    let put = tried_often::enqueue(["a".to_owned()].into()).await.expect("it is taken");
    assert_eq!(row(&jobs, put.id).await.max_attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn what_contradicts_a_queue_is_refused_at_the_start() {
    let with = |name: &str| manual(&[name]).data(Given::default());
    let told = refusal(with("spawned").configure("spawned", |job| job.queue("mail"))).await;
    assert!(told.ends_with("is in no queue: only at the attribute can it be given one"), "{told}");
    let told = refusal(with("spawned").configure("spawned", |job| job.priority(3)?.unique_for("1h"))).await;
    assert!(told.contains("write `queue` too"), "{told}");
    let told = refusal(with("queued").configure("queued", |job| job.max_running(3)?.max_pending(3))).await;
    assert!(told.contains("the queue says how many run") && told.contains("any number of jobs wait"), "{told}");
    let told = refusal(with("queued").configure("queued", |job| job.priority(10))).await;
    assert!(told.ends_with("`priority`: takes a number from 0, the most urgent, to 9"), "{told}");
    let told = refusal(with("queued").queue("sett", 3)).await;
    assert_eq!(told, "`.queue` names `sett`, which no job is in; did you mean `set`?");
}

#[tokio::test]
async fn outside_of_tests_a_store_has_to_be_given() {
    let told = run_all().only(["queued"]).data(Given::default()).start().await.expect_err("there is none").to_string();
    assert!(told.contains("job `queued` waits in the queue `set`, and there is no store: write `.store("), "{told}");
}
