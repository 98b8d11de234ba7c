//! What may be the name of a job, wherever it is given.

mod stage;

use job_runtime::{Context, Periodic, Result, Schedule, periodic};
use stage::manual;

/// Names that end a text, a line or a terminal's good behaviour, and names that say nothing.
const BAD: [&str; 9] = ["a\0b", "\0", "a\nb", "line\r", "a\tb", "\u{1b}[31mred", "del\u{7f}", "", " "];

/// Names with which nothing is wrong.
const GOOD: [&str; 4] = ["purge sessions", "Zählung", "掃除", "a.b-c:d/e"];

fn added(name: &str) -> Result<Periodic> {
    Ok(Periodic::new(name, Schedule::every("1h")?, |_: Context| async {}))
}

#[track_caller]
fn assert_refused(refused: Result<impl Sized>, name: &str) {
    let error = refused.err().unwrap_or_else(|| panic!("{name:?} was taken"));
    let text = error.to_string();
    assert!(error.is_configuration() && text.contains("name"), "{name:?}: {text}");
    // It is told in words, on one line, whatever the name holds.
    assert!(!text.contains(char::is_control), "{name:?}: {text:?}");
}

#[periodic(every = "1h")]
async fn renamed() {}

#[tokio::test(start_paused = true)]
async fn a_job_with_a_bad_name_is_not_added() {
    let jobs = manual(&["renamed"]).await;
    for name in BAD {
        assert_refused(added(name).and_then(|job| jobs.runtime().add(job)), name);
    }
    assert_eq!(jobs.runtime().jobs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_not_renamed_badly_before_it_is_added() {
    let jobs = manual(&["renamed"]).await;
    for name in BAD {
        let job = added("good").and_then(|job| job.configure(|job| job.name(name)));
        assert_refused(job.and_then(|job| jobs.runtime().add(job)), name);
    }
    assert_eq!(jobs.runtime().jobs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_not_renamed_badly_at_the_start() {
    for name in BAD {
        assert_refused(manual(&["renamed"]).configure("renamed", move |job| job.name(name)).try_start().await, name);
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_name_is_taken() {
    for name in GOOD {
        // `.only` goes by the names in force, and by paths.
        let jobs = manual(&["crate::renamed"]).configure("renamed", move |job| job.name(name)).await;
        assert_eq!(&*jobs.runtime().job(name).expect("it is its name").name, name);
        let other = format!("{name} 2");
        jobs.runtime().add(added(&other).expect("nothing is wrong")).expect("the name is free");
        assert_eq!(&*jobs.runtime().job(&other).expect("it is its name").name, other);
    }
}

#[tokio::test(start_paused = true)]
async fn asking_for_a_name_that_no_job_can_have_finds_none() {
    let jobs = manual(&["renamed"]).await;
    for name in BAD {
        assert!(jobs.runtime().job(name).is_none() && !jobs.runtime().remove(name), "{name:?}");
        assert!(jobs.runtime().trigger(name).await.expect_err("there is none").is_configuration(), "{name:?}");
    }
}
