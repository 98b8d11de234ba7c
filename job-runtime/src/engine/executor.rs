//! Runs one attempt: the guard, the function, its panics and its end.

use std::any::Any;
use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::task::{Context as Task, Poll};

use tokio::runtime::Handle;

use crate::event;
use crate::job::{Body, BoxFuture, Context, Input, Report, Run, Verdict};
use crate::outcome::Outcome;
use crate::panics::{caught, held};

/// How an attempt came to its end.
pub(crate) enum End {
    Returned(Verdict),
    Panicked(Arc<str>),
    /// Dropped: by request, or with the tokio runtime.
    Dropped,
}

/// What the executor tells the supervisor.
pub(crate) trait Supervise: Send + Sync + Sized + 'static {
    /// The guard answered; true when the run may go on at once.
    fn answered(self: &Arc<Self>, slot: u32, run: &Arc<Run>, answer: Result<bool, Arc<str>>) -> bool;
    /// The attempt is over, and nothing of it is left.
    ///
    /// Gives the outcome, unless the supervisor had given the attempt up before.
    fn ended(self: &Arc<Self>, slot: u32, run: &Arc<Run>, end: End) -> Option<Outcome>;
    /// The same, of an attempt that was carried with others: it is told with theirs.
    fn ended_with_others(self: &Arc<Self>, slot: u32, run: Arc<Run>, end: End);
    /// The same, told by whoever looks at the timers: what follows may be another run that cannot be started either.
    fn ended_later(&self, slot: u32, run: Arc<Run>, end: End);
    /// Makes known what was told with others.
    fn tell_ends(self: &Arc<Self>);
    /// Where runs have their tasks.
    fn handle(&self) -> &Handle;
    /// Whether a plain function on its thread may still hold a test's clock.
    fn is_alive(&self) -> bool;
}

/// A run that is to be set going.
pub(crate) struct Launch {
    pub(crate) slot: u32,
    pub(crate) run: Arc<Run>,
    /// Whether the guard is asked first.
    pub(crate) guarded: bool,
}

/// Makes ready what runs as a task; a plain function is set going at once, on a thread of its own.
pub(crate) fn prepare<S: Supervise>(supervisor: &Arc<S>, launch: Launch) -> Option<Attempt<S>> {
    let Launch { slot, run, guarded } = launch;
    if run.job.is_blocking() && !guarded {
        launch_thread(supervisor, slot, &run);
        return None;
    }
    Some(Attempt {
        supervisor: Arc::clone(supervisor),
        slot,
        span: None,
        run: Some(run),
        work: if guarded { Work::Ask } else { Work::Call },
        polling: false,
        carried: false,
    })
}

/// Gives an attempt a task of its own.
pub(crate) fn own_task<S: Supervise>(handle: &Handle, attempt: Attempt<S>) {
    let Some(run) = attempt.run.clone() else { return };
    #[expect(clippy::disallowed_methods, reason = "the one place where an attempt becomes a task")]
    run.attach(|| handle.spawn(attempt).abort_handle());
}

/// What is left to do in an attempt's task.
enum Work {
    Ask,
    Guard(BoxFuture<bool>),
    Call,
    Body(BoxFuture<Report>),
    Over,
}

/// One attempt, as a future. Dropping it ends the attempt.
pub(crate) struct Attempt<S: Supervise> {
    slot: u32,
    /// Until its end is told.
    run: Option<Arc<Run>>,
    /// When anybody listens to spans.
    span: Option<Box<tracing::Span>>,
    work: Work,
    /// Still set at the drop, it tells of a panic that none of the catches held.
    polling: bool,
    /// Whether it is polled by a carrier, which tells the ends of several together.
    pub(crate) carried: bool,
    /// Dropped last: who waits for the engine's end waits for that of its attempts as well.
    supervisor: Arc<S>,
}

impl<S: Supervise> Future for Attempt<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = self.get_mut();
        let Some(run) = &this.run else { return Poll::Ready(()) };
        run.count_poll();
        let current = Current::enter(Arc::clone(run));
        this.polling = true;
        let poll = loop {
            match this.step(task) {
                Step::Again => {}
                Step::Wait => break Poll::Pending,
                Step::Over => break Poll::Ready(()),
            }
        };
        if let Some(run) = current.leave() {
            run.count_poll();
        }
        this.polling = false;
        poll
    }
}

enum Step {
    Again,
    Wait,
    Over,
}

impl<S: Supervise> Attempt<S> {
    /// Whether it was dropped before it began.
    pub(crate) fn is_doomed(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.is_doomed())
    }

    fn step(&mut self, task: &mut Task<'_>) -> Step {
        match std::mem::replace(&mut self.work, Work::Over) {
            Work::Ask => self.ask(),
            Work::Guard(guard) => self.poll_guard(guard, task),
            Work::Call => self.call(),
            Work::Body(body) => self.poll_body(body, task),
            Work::Over => Step::Over,
        }
    }

    /// Calls the guard, which gives its future.
    fn ask(&mut self) -> Step {
        let Some(run) = &self.run else { return Step::Over };
        match caught(|| run.job.guard.map(|guard| guard(Context(Arc::clone(run))))) {
            Ok(Some(guard)) => {
                self.work = Work::Guard(guard);
                Step::Again
            }
            Ok(None) => self.answer(Ok(true)),
            Err(panic) => self.answer(Err(panic)),
        }
    }

    fn poll_guard(&mut self, mut guard: BoxFuture<bool>, task: &mut Task<'_>) -> Step {
        match caught(|| guard.as_mut().poll(task)) {
            Ok(Poll::Pending) => {
                self.work = Work::Guard(guard);
                Step::Wait
            }
            Ok(Poll::Ready(yes)) => {
                let dropped = caught(|| drop(guard));
                self.answer(dropped.map(|()| yes))
            }
            Err(panic) => {
                let _ = caught(|| drop(guard));
                self.answer(Err(panic))
            }
        }
    }

    fn answer(&mut self, answer: Result<bool, Arc<str>>) -> Step {
        let Some(run) = self.run.clone() else { return Step::Over };
        if !self.supervisor.answered(self.slot, &run, answer) {
            self.run = None;
            return Step::Over;
        }
        if run.job.is_blocking() {
            self.run = None;
            launch_thread(&self.supervisor, self.slot, &run);
            return Step::Over;
        }
        self.work = Work::Call;
        Step::Again
    }

    /// Calls the function, which gives its future.
    fn call(&mut self) -> Step {
        let Some(run) = &self.run else { return Step::Over };
        self.span = span(run);
        let body = within(self.span.as_deref(), || {
            caught(|| match &run.job.body {
                Body::Async(body) => Some(body(input(run))),
                Body::Blocking(_) => None,
            })
        });
        match body {
            // Given up while it was being made, which takes as long as its arguments are copied.
            Ok(Some(body)) if run.is_doomed() => {
                let _ = caught(|| drop(body));
                self.over(End::Dropped, None)
            }
            Ok(Some(body)) => {
                self.work = Work::Body(body);
                Step::Again
            }
            Ok(None) => Step::Over,
            Err(panic) => self.over(End::Panicked(panic), None),
        }
    }

    fn poll_body(&mut self, body: BoxFuture<Report>, task: &mut Task<'_>) -> Step {
        let (mut body, mut report) = (Some(body), None);
        let polled = within(self.span.as_deref(), || {
            let polled = caught(|| poll_to_its_end(&mut body, &mut report, task));
            if polled.is_err() {
                let _ = caught(|| drop(body.take()));
                let _ = caught(|| drop(report.take()));
            }
            polled
        });
        match (polled, report) {
            (Err(panic), _) => self.over(End::Panicked(panic), None),
            (Ok(()), Some(Report { verdict, state })) => self.over(End::Returned(verdict), state),
            (Ok(()), None) => {
                self.work = body.map_or(Work::Over, Work::Body);
                Step::Wait
            }
        }
    }

    fn over(&mut self, end: End, state: Option<Box<dyn Any + Send>>) -> Step {
        if let Some(run) = self.run.take() {
            if self.carried && self.span.is_none() {
                give_back(&run, state);
                self.supervisor.ended_with_others(self.slot, run, end);
                return Step::Over;
            }
            within(self.span.as_deref(), || {
                if let Some(outcome) = finish(&self.supervisor, self.slot, &run, end, state) {
                    close(self.span.as_deref(), outcome);
                }
            });
        }
        Step::Over
    }
}

/// Polls a future, which is dropped when it is ready; what it gave is kept outside, as that drop may panic.
fn poll_to_its_end(body: &mut Option<BoxFuture<Report>>, report: &mut Option<Report>, task: &mut Task<'_>) {
    let Some(future) = body else { return };
    if let Poll::Ready(ready) = future.as_mut().poll(task) {
        *report = Some(ready);
        drop(body.take());
    }
}

impl<S: Supervise> Drop for Attempt<S> {
    fn drop(&mut self) {
        let work = std::mem::replace(&mut self.work, Work::Over);
        let Some(run) = self.run.clone() else { return };
        let _current = Current::enter(run);
        let _ = within(self.span.as_deref(), || caught(|| drop(work)));
        let escaped = || End::Panicked("a panic left the attempt".into());
        self.over(if self.polling { escaped() } else { End::Dropped }, None);
    }
}

fn launch_thread<S: Supervise>(supervisor: &Arc<S>, slot: u32, run: &Arc<Run>) {
    let handle = supervisor.handle();
    let (done, finished) = mpsc::channel::<()>();
    let name = run.job.name.to_string();
    let fake = run.job.home.clock.is_fake();
    let spawned = std::thread::Builder::new().name(name).spawn({
        let (supervisor, handle, run) = (Arc::clone(supervisor), handle.clone(), Arc::clone(run));
        move || {
            let _entered = handle.enter();
            call_blocking(&supervisor, slot, &run);
            drop(done);
            // Who waits for the engine's end waits for that of the run as well.
            drop(run);
            drop(supervisor);
        }
    });
    match spawned {
        Ok(_) if fake => hold_clock(supervisor, handle, finished),
        Ok(_) => {}
        Err(error) => {
            let error = format!("no thread for the job: {error}").into();
            supervisor.ended_later(slot, Arc::clone(run), End::Returned(Verdict::Failed { error, output: None }));
        }
    }
}

/// Holds tokio's paused clock still while a plain function runs, which it does in real time.
fn hold_clock<S: Supervise>(supervisor: &Arc<S>, handle: &Handle, finished: Receiver<()>) {
    let supervisor = Arc::clone(supervisor);
    #[expect(clippy::disallowed_methods, reason = "a blocking task is what keeps a paused clock from advancing")]
    handle.spawn_blocking(move || {
        let look = std::time::Duration::from_millis(10);
        while finished.recv_timeout(look) == Err(RecvTimeoutError::Timeout) && supervisor.is_alive() {}
    });
}

fn call_blocking<S: Supervise>(supervisor: &Arc<S>, slot: u32, run: &Arc<Run>) {
    if run.is_doomed() {
        return;
    }
    let _current = Current::enter(Arc::clone(run));
    let span = span(run);
    within(span.as_deref(), || {
        let (end, state) = match caught(|| match &run.job.body {
            Body::Blocking(body) => Some(body(input(run))),
            Body::Async(_) => None,
        }) {
            Ok(Some(Report { verdict, state })) => (End::Returned(verdict), state),
            Ok(None) => (End::Dropped, None),
            Err(panic) => (End::Panicked(panic), None),
        };
        if let Some(outcome) = finish(supervisor, slot, run, end, state) {
            close(span.as_deref(), outcome);
        }
    });
    held(|| drop(span));
}

/// Calls in a span. Whoever listens to spans may panic at its ends, which is not the panic of what is called.
fn within<T>(span: Option<&tracing::Span>, call: impl FnOnce() -> T) -> T {
    let Some(span) = span else { return call() };
    let entered = held(|| span.enter());
    let result = call();
    held(|| drop(entered));
    result
}

/// The span of an attempt, made where it runs: whoever listens to spans may take his time there, or panic.
fn span(run: &Run) -> Option<Box<tracing::Span>> {
    held(|| event::span(run)).filter(|span| !span.is_disabled()).map(Box::new)
}

fn close(span: Option<&tracing::Span>, outcome: Outcome) {
    if let Some(span) = span {
        held(|| event::close(span, outcome));
    }
}

fn input(run: &Arc<Run>) -> Input {
    let state = run.cell.as_ref().and_then(|cell| cell.take(run.id, || run.job.make_state()));
    Input { run: Arc::clone(run), state }
}

/// Gives the state back before the supervisor may start the next run.
fn finish<S: Supervise>(
    supervisor: &Arc<S>,
    slot: u32,
    run: &Arc<Run>,
    end: End,
    state: Option<Box<dyn Any + Send>>,
) -> Option<Outcome> {
    give_back(run, state);
    supervisor.ended(slot, run, end)
}

fn give_back(run: &Run, state: Option<Box<dyn Any + Send>>) {
    if let Some(cell) = &run.cell {
        cell.put(state);
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Run>>> = const { RefCell::new(None) };
}

/// The run whose code is being executed on this thread.
pub(crate) fn current() -> Option<Arc<Run>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Makes a run the current one of its thread, until it is dropped.
struct Current(Option<Arc<Run>>);

impl Current {
    fn enter(run: Arc<Run>) -> Self {
        Self(CURRENT.replace(Some(run)))
    }

    /// Gives back the run that was entered.
    fn leave(mut self) -> Option<Arc<Run>> {
        let before = self.0.take();
        std::mem::forget(self);
        CURRENT.replace(before)
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}
