//! Jobs on demand as their users see them: spawned, awaited, cancelled, tried again, bounded, paused, one at a time.

#[path = "../listener/mod.rs"]
mod listener;
#[path = "../stage/mod.rs"]
mod stage;

mod arguments;
mod attempts;
mod bounds;
mod cancel;
mod control;
mod current;
mod directives;
mod ending;
mod handle;
mod letting_go;
mod options;
mod pause;
mod plain;
mod serial;
mod spawn;
mod told;

use std::fmt::{Debug, Display};
use std::future::Future;

use job_runtime::RunError;

/// Which of the reasons it is for which a run gives no output: it is exactly one.
#[track_caller]
fn reason<E: Debug + Display>(error: &RunError<E>) -> &'static str {
    let reasons = [
        ("failed", error.is_failed()),
        ("panicked", error.is_panicked()),
        ("timed out", error.is_timed_out()),
        ("cancelled", error.is_cancelled()),
        ("interrupted", error.is_interrupted()),
        ("refused", error.is_refused()),
    ];
    let mut meant = reasons.into_iter().filter(|(_, is_meant)| *is_meant);
    match (meant.next(), meant.next()) {
        (Some((reason, _)), None) => reason,
        _ => panic!("it is not exactly one of the reasons: {error:?}"),
    }
}

/// The reason and the text of a run that gives no output.
async fn why<T: Debug, E: Debug + Display>(
    handle: impl Future<Output = Result<T, RunError<E>>>,
) -> (&'static str, String) {
    let error = handle.await.expect_err("it gives no output");
    (reason(&error), error.to_string())
}
