//! One tick for all nodes, as the attribute says it: `scope = "cluster"`.

use job_runtime::testing::Harness;
use job_runtime::{Context, MissReason, Periodic, Schedule, StoreConfig, periodic};

use tokio::time::{Duration, sleep};

use crate::Given;
use crate::stage::{auto, counts, starts};

const MINUTE: Duration = Duration::from_secs(60);

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

#[periodic(every = "10m", scope = "cluster", enabled = false)]
async fn switched_off(given: &Given) {
    given.note("switched off");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_switched_off_is_left_to_others() {
    let given = Given::default();
    let jobs = auto(&["switched_off"]).data(given.clone()).await;
    jobs.advance("2h").await;
    let status = switched_off::status().await.expect("it is there");
    assert_eq!(status.paused.as_deref(), Some("disabled"));
    assert_eq!((counts(&jobs, "switched_off"), given.all().len()), ((0, 0, 0, 0, 0), 0));
    switched_off::resume().await.expect("the store answers");
    jobs.advance("1h").await;
    assert_eq!(given.all().len(), 6);
}

#[periodic(every = "10m", scope = "cluster", pause_after = 2)]
async fn breaks(given: &Given) -> Result<(), String> {
    given.note("failed");
    Err("no".to_owned())
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_too_often_is_paused_for_all() {
    let (given, store) = (Given::default(), StoreConfig::memory());
    let start = || auto(&["breaks"]).data(given.clone()).store(store.clone());
    let (one, two) = (start().await, start().await);
    let pass = async |hours: u32| {
        for _ in 0..hours * 60 {
            one.advance("1m").await;
            two.advance("1m").await;
        }
    };
    pass(3).await;
    let (first, reason) = (given.all().len(), "2 failures in a row, the last: no");
    assert!((2..=3).contains(&first), "one of them failed twice, and the other once at most: {first}");
    let paused = |jobs: &Harness| jobs.runtime().job("breaks").expect("it is there").paused;
    assert_eq!((paused(&one).as_deref(), paused(&two).as_deref()), (Some(reason), Some(reason)));
    breaks::resume().await.expect("the store answers");
    pass(3).await;
    let again = given.all().len() - first;
    assert!((2..=3).contains(&again), "it was counted anew: {again}");
}

#[periodic(every = "10m", scope = "cluster", on_overlap = "queue", start_deadline = "4m")]
async fn takes_long() {
    sleep(MINUTE * 25).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_too_long_is_missed() {
    let jobs = auto(&["takes_long"]).await;
    let late = || {
        let books = jobs.runtime().job("takes_long").expect("it is there").accounting;
        (books.ran, books.missed_for(MissReason::StartDeadline), books.pending)
    };
    // The first is on from the tenth minute to the 35th.
    jobs.advance("23m").await;
    assert_eq!(late(), (1, 0, 1));
    jobs.advance("2m").await;
    assert_eq!(late(), (1, 1, 0), "the second has waited for four minutes");
    jobs.advance("14m").await;
    assert_eq!(late(), (1, 2, 0), "so has the third, and nobody is left who takes the place");
    jobs.advance("2m").await;
    assert_eq!(late().0, 2);
}
