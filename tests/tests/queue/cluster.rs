//! One tick for all nodes, as the attribute says it: `scope = "cluster"`.

use job_runtime::{Context, Periodic, Schedule, StoreConfig, periodic};

use crate::Given;
use crate::stage::{auto, counts, starts};

#[periodic(every = "10m", scope = "cluster")]
async fn report(cx: &Context, given: &Given) -> Result<u32, String> {
    given.note(format!("{:?}", cx.trigger()));
    Ok(42)
}

#[periodic(every = "10m")]
async fn local(given: &Given) {
    given.note("local");
}

#[tokio::test(start_paused = true)]
async fn a_tick_runs_once_among_all_that_share_a_store() {
    let (given, store) = (Given::default(), StoreConfig::memory());
    let start = || auto(&["report", "local"]).data(given.clone()).store(store.clone());
    let (one, two) = (start().await, start().await);
    for _ in 0..60 {
        one.advance("30s").await;
        two.advance("30s").await;
    }
    one.advance("0s").await;
    let ran = counts(&one, "report").1 + counts(&two, "report").1;
    assert_eq!((ran, given.all().iter().filter(|what| *what == "Schedule").count()), (6, 6));
    assert_eq!(given.all().iter().filter(|what| *what == "local").count(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_gives_the_output_also_while_it_is_paused() {
    let given = Given::default();
    let jobs = auto(&["report"]).data(given.clone()).await;
    assert_eq!(report::trigger().await.expect("it is there").await.expect("it ends well"), 42);
    report::pause("for now").await.expect("the store answers");
    jobs.advance("1h").await;
    assert_eq!(given.all(), ["Manual"]);
    assert_eq!(report::trigger().await.expect("it is there").await.expect("it ends well"), 42);
    report::resume().await.expect("the store answers");
    let before = starts(&jobs, "report").len();
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "report").len(), before + 6);
}

#[tokio::test(start_paused = true)]
async fn its_status_tells_the_scope() {
    let _jobs = auto(&["report"]).data(Given::default()).await;
    let status = report::status().await.expect("it is there");
    assert_eq!(status.policies, ["on_overlap run", "scope cluster"]);
    assert_eq!(status.schedule.as_deref(), Some("every 10m"));
}

fn added(given: Given) -> Periodic {
    let run = move |_: Context| {
        let given = given.clone();
        async move { given.note("added") }
    };
    let job = Periodic::new("added", Schedule::every("10m").expect("a duration"), run);
    job.configure(|job| job.scope("cluster")).expect("a scope")
}

#[tokio::test(start_paused = true)]
async fn one_that_is_added_ticks_too_and_wants_a_store() {
    let given = Given::default();
    let jobs = auto(&["local"]).data(given.clone()).await;
    let error = jobs.runtime().add(added(given.clone())).expect_err("there is no store");
    assert!(error.is_configuration(), "{error}");
    assert_eq!(error.to_string(), "job `added` wants a store, and this runtime has none");

    let jobs = auto(&["report"]).data(given.clone()).await;
    jobs.runtime().add(added(given.clone())).expect("there is one");
    jobs.advance("1h").await;
    assert_eq!(
        (counts(&jobs, "added"), given.all().iter().filter(|what| *what == "added").count()),
        ((6, 6, 0, 0, 0), 6)
    );
}
