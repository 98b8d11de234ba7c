//! A job with a state that only it holds: kept from run to run, also when one fails, and made anew after a panic.
use job_runtime::periodic;

struct Counter {
    runs: u32,
}

#[periodic(every = "500ms", initial_delay = "0s")]
async fn count(counter: &mut Counter) -> Result<(), String> {
    counter.runs += 1;
    println!("run {}", counter.runs);
    match counter.runs % 5 {
        3 => Err("run 3 fails, and the count goes on".to_owned()),
        0 => panic!("run 5 panics, and the count begins again"),
        _ => Ok(()),
    }
}

/// Reads the state between two runs of `count`.
#[periodic(every = "2s", initial_delay = "1s")]
async fn report() -> job_runtime::Result {
    let runs = count::peek(|counter| counter.runs).await?;
    println!("report: {}", runs.map_or("no state".to_owned(), |runs| format!("{runs} runs so far")));
    Ok(())
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().state_with(|| Counter { runs: 0 }).await
}
