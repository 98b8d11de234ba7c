//! The signals of the system: TERM and Ctrl-C shut down, a second one ends the process, USR1 makes quiet.
//!
//! They are heard on a thread of their own, so that jobs which block every worker of the program's runtime
//! cannot keep it from ending.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock::{first, wait};
use crate::engine::driver::Engine;
use crate::error::{Error, Result};

/// How much longer than the shutdown timeout the end may take before the process is ended.
const MARGIN: Duration = Duration::from_secs(2);

/// Listens as long as it lives, and, once it has heard a signal to stop, to the end of the process.
#[expect(dead_code, reason = "held for its drop")]
pub(crate) struct Listening(oneshot::Sender<()>);

/// How many runtimes have listened so far.
static LISTENED: AtomicUsize = AtomicUsize::new(0);

impl Listening {
    pub(crate) fn stop(self) {
        drop(self);
    }
}

/// Begins to listen for an engine.
pub(crate) fn listen(engine: &Arc<Engine>) -> Result<Listening> {
    let (listening, stopped) = oneshot::channel();
    let (report, reported) = std::sync::mpsc::channel();
    let engine = Arc::clone(engine);
    let number = LISTENED.fetch_add(1, Ordering::AcqRel) + 1;
    let thread = std::thread::Builder::new().name("job-signals".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.and_then(|runtime| {
            let _entered = runtime.enter();
            Ok((Signals::new()?, runtime))
        }) {
            Ok((signals, runtime)) => {
                let _ = report.send(Ok(()));
                runtime.block_on(attend(signals, engine, stopped, number));
            }
            Err(error) => drop(report.send(Err(error))),
        }
    });
    let failed = |error: &dyn std::fmt::Display| Error::refused(format!("cannot listen to signals: {error}"));
    thread.map_err(|error| failed(&error))?;
    match reported.recv() {
        Ok(Ok(())) => Ok(Listening(listening)),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(failed(&error)),
    }
}

async fn attend(mut signals: Signals, engine: Arc<Engine>, stopped: oneshot::Receiver<()>, number: usize) {
    let mut heard = false;
    first(async { drop(stopped.await) }, hear(&mut signals, &engine, &mut heard)).await;
    drop(engine);
    if heard {
        outlast(signals, number).await;
    }
}

/// A second signal ends the process also when the jobs have ended and something else keeps it. When another runtime
/// has listened since, it is the affair of that one.
async fn outlast(mut signals: Signals, number: usize) {
    signals.stop().await;
    if LISTENED.load(Ordering::Acquire) == number {
        eprintln!("job-runtime: a second signal came, after the jobs had ended");
        std::process::exit(1);
    }
}

struct Signals {
    stop: [Signal; 2],
    quiet: Signal,
}

enum Heard {
    Stop,
    Quiet,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let stop = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
        Ok(Self { stop, quiet: signal(SignalKind::user_defined1())? })
    }

    async fn next(&mut self) -> Heard {
        std::future::poll_fn(|task| {
            if self.stop.iter_mut().any(|signal| signal.poll_recv(task).is_ready()) {
                return Poll::Ready(Heard::Stop);
            }
            self.quiet.poll_recv(task).map(|_| Heard::Quiet)
        })
        .await
    }

    async fn stop(&mut self) {
        while let Heard::Quiet = self.next().await {}
    }
}

/// Begins on a thread of its own, as observers are called: one that is stuck must not keep a second signal unheard.
fn begin_shutdown(engine: &Arc<Engine>) {
    let engine = Arc::clone(engine);
    let begin = move || {
        // Whoever listens to events finds the program's runtime around it.
        let _entered = engine.handle().enter();
        engine.begin_shutdown();
    };
    let _ = std::thread::Builder::new().name("job-shutdown".to_owned()).spawn(begin);
}

async fn hear(signals: &mut Signals, engine: &Arc<Engine>, heard: &mut bool) {
    while let Heard::Quiet = signals.next().await {
        let _entered = engine.handle().enter();
        engine.with_core(|core| core.quiet = true);
    }
    *heard = true;
    begin_shutdown(engine);
    match engine.with_core(|core| core.shutdown_timeout) {
        None => signals.stop().await,
        Some(limit) => {
            let again = first(signals.stop(), wait(limit.saturating_add(MARGIN))).await;
            if again.is_none() && (!engine.has_ended() || engine.is_stuck()) {
                engine.exit("these runs did not end in time");
            }
            if again.is_none() {
                // Only listeners are behind, or what the program does after its jobs.
                signals.stop().await;
            }
        }
    }
    engine.exit("a second signal came while these were on");
}
