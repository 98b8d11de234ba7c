//! What a runtime leaves behind: no task, and no thread.

use std::fs;

use tokio::runtime::Handle;
use tokio::task::yield_now;

/// The kernel keeps so much of a thread's name.
const NAME: usize = 15;

/// Waits until no task is there, but for the one that asks.
pub async fn no_task() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        yield_now().await;
    }
}

/// Waits until no thread is there that a job ran on, and none of the engine's.
pub async fn no_thread(jobs: &[String]) {
    while threads().iter().any(|thread| is_ours(thread, jobs)) {
        yield_now().await;
    }
}

/// A plain function runs on a thread named after its job, the engine on threads of its own.
fn is_ours(thread: &str, jobs: &[String]) -> bool {
    thread.starts_with("job-") || jobs.iter().any(|job| job.get(..NAME).unwrap_or(job) == thread)
}

fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("this is Linux, with /proc");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).collect()
}
