//! Three job runtimes on two tokio runtimes, each of which keeps the name it was started with as its data; one that
//! two share, and code everywhere that says which of them it takes for the current one.

use job_runtime::{Context, Result, Runtime, periodic};

struct Name(&'static str);

#[periodic(every = "1h")]
async fn look(cx: &Context, name: &Name) {
    println!("in a run of {}: {}, and its context has {}", name.0, current(), name_of(cx.runtime()));
}

#[periodic(every = "1h")]
fn look_from_a_thread(name: &Name) {
    println!("in a plain run of {}: {}", name.0, current());
}

/// The name of a runtime is the place where it keeps the one job that was added to it.
fn name_of(runtime: &Runtime) -> &'static str {
    ["one", "two", "three"].into_iter().find(|name| runtime.job(name).is_some()).unwrap_or("a nameless one")
}

fn current() -> String {
    Runtime::current()
        .map_or_else(|error| format!("none, refused: {}", error.is_refused()), |it| name_of(&it).to_owned())
}

async fn start(name: &'static str) -> Result<Runtime> {
    let runtime = job_runtime::run_all().data(Name(name)).start().await?;
    let schedule = job_runtime::Schedule::every("1h")?;
    runtime.add(job_runtime::Periodic::new(name, schedule, |_| async {}))?;
    Ok(runtime)
}

/// Runs both jobs of the runtime that is current there, and waits for them.
async fn look_around() -> Result {
    let done = "no run fails";
    look::trigger().await?.await.expect(done);
    look_from_a_thread::trigger().await?.await.expect(done);
    Ok(())
}

fn main() -> Result {
    println!("before any: {}", current());
    let tokio = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("tokio");
    let (first, second) = (tokio(), tokio());
    let one = first.block_on(start("one"))?;
    let two = second.block_on(start("two"))?;

    println!("on a plain thread: {}", current());
    println!("on the first: {}", first.block_on(async { current() }));
    println!("on the second: {}", second.block_on(async { current() }));
    let spawned = second.spawn(async { current() });
    println!("in a task of the second: {}", second.block_on(spawned).expect("the task ends"));
    second.block_on(look_around())?;

    let three = second.block_on(start("three"))?;
    println!("on the second, which has two: {}", second.block_on(async { current() }));
    second.block_on(two_looks(&two))?;
    second.block_on(look_around())?;

    drop((one, first));
    println!("on a plain thread, without the first: {}", current());
    second.block_on(async { three.shutdown().await.and(two.shutdown().await) })?;
    drop((two, three, second));
    println!("after all: {}", current());
    Ok(())
}

/// A run of the one that is not the current one where it was started.
async fn two_looks(two: &Runtime) -> Result {
    let mut events = two.events();
    two.trigger("look").await?;
    while let Some(event) = events.recv().await {
        if let job_runtime::EventKind::Finished { .. } = event.kind {
            break;
        }
    }
    Ok(())
}
