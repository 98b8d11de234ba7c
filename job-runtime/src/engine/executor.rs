//! Runs one attempt: the guard, the function, its panics and its end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context as Task, Poll};

use tokio::runtime::Handle;

use crate::event;
use crate::job::{Body, BoxFuture, Context, Input, Report, Run, Verdict};
use crate::outcome::Outcome;

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

/// Sets a run going: an async function as a task, a plain one on a thread of its own.
pub(crate) fn launch<S: Supervise>(supervisor: &Arc<S>, handle: &Handle, launch: Launch) {
    let Launch { slot, run, guarded } = launch;
    if run.job.is_blocking() && !guarded {
        return launch_thread(supervisor, handle, slot, run);
    }
    let work = if guarded { Work::Ask } else { Work::Call };
    let attempt = Attempt {
        supervisor: Arc::clone(supervisor),
        handle: run.job.is_blocking().then(|| handle.clone()),
        slot,
        span: if guarded { tracing::Span::none() } else { event::span(&run) },
        run: Some(Arc::clone(&run)),
        work,
    };
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

/// The task of one attempt. Dropping it ends the attempt.
struct Attempt<S: Supervise> {
    supervisor: Arc<S>,
    /// For a plain function behind a guard: where its thread belongs.
    handle: Option<Handle>,
    slot: u32,
    /// Lent to the thread-local while the task is polled.
    run: Option<Arc<Run>>,
    span: tracing::Span,
    work: Work,
}

impl<S: Supervise> Future for Attempt<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            let step = this.step(task);
            match step {
                Step::Again => {}
                Step::Wait => return Poll::Pending,
                Step::Over => return Poll::Ready(()),
            }
        }
    }
}

enum Step {
    Again,
    Wait,
    Over,
}

impl<S: Supervise> Attempt<S> {
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
        let guard = self.caught(|run| run.job.guard.map(|guard| guard(Context(Arc::clone(run)))));
        match guard {
            Ok(Some(guard)) => {
                self.work = Work::Guard(guard);
                Step::Again
            }
            Ok(None) => self.answer(Ok(true)),
            Err(panic) => self.answer(Err(panic)),
        }
    }

    fn poll_guard(&mut self, mut guard: BoxFuture<bool>, task: &mut Task<'_>) -> Step {
        match self.caught(|_| guard.as_mut().poll(task)) {
            Ok(Poll::Pending) => {
                self.work = Work::Guard(guard);
                Step::Wait
            }
            Ok(Poll::Ready(yes)) => {
                let dropped = self.caught(|_| drop(guard));
                self.answer(dropped.map(|()| yes))
            }
            Err(panic) => {
                let _ = self.caught(|_| drop(guard));
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
        if let Some(handle) = &self.handle {
            self.run = None;
            launch_thread(&self.supervisor, handle, self.slot, run);
            return Step::Over;
        }
        self.span = event::span(&run);
        self.work = Work::Call;
        Step::Again
    }

    /// Calls the function, which gives its future.
    fn call(&mut self) -> Step {
        let body = self.caught(|run| match &run.job.body {
            Body::Async(body) => Some(body(input(run))),
            Body::Blocking(_) => None,
        });
        match body {
            Ok(Some(body)) => {
                self.work = Work::Body(body);
                Step::Again
            }
            Ok(None) => Step::Over,
            Err(panic) => self.over(End::Panicked(panic), None),
        }
    }

    fn poll_body(&mut self, mut body: BoxFuture<Report>, task: &mut Task<'_>) -> Step {
        match self.caught(|_| body.as_mut().poll(task)) {
            Ok(Poll::Pending) => {
                self.work = Work::Body(body);
                Step::Wait
            }
            Ok(Poll::Ready(Report { verdict, state })) => match self.caught(|_| drop(body)) {
                Ok(()) => self.over(End::Returned(verdict), state),
                Err(panic) => self.over(End::Panicked(panic), None),
            },
            Err(panic) => {
                let _ = self.caught(|_| drop(body));
                self.over(End::Panicked(panic), None)
            }
        }
    }

    fn over(&mut self, end: End, state: Option<Box<dyn Any + Send>>) -> Step {
        if let Some(run) = self.run.take() {
            let _entered = self.span.enter();
            if let Some(outcome) = finish(&self.supervisor, self.slot, &run, end, state) {
                event::close(&self.span, outcome);
            }
        }
        Step::Over
    }

    /// Calls into the user's code: with the run as the current one, inside its span, panics caught.
    fn caught<T>(&mut self, call: impl FnOnce(&Arc<Run>) -> T) -> Result<T, Arc<str>> {
        let _entered = self.span.enter();
        let Some(run) = self.run.take() else { return Err("the attempt is over".into()) };
        let (run, result) = caught(run, call);
        self.run = Some(run);
        result
    }
}

impl<S: Supervise> Drop for Attempt<S> {
    fn drop(&mut self) {
        let work = std::mem::replace(&mut self.work, Work::Over);
        if self.run.is_none() {
            return;
        }
        let _ = self.caught(|_| drop(work));
        self.over(End::Dropped, None);
    }
}

fn launch_thread<S: Supervise>(supervisor: &Arc<S>, handle: &Handle, slot: u32, run: Arc<Run>) {
    let (done, finished) = std::sync::mpsc::channel::<()>();
    let name = run.job.name.to_string();
    let fake = run.job.home.clock.is_fake();
    let spawned = std::thread::Builder::new().name(name).spawn({
        let (supervisor, handle, run) = (Arc::clone(supervisor), handle.clone(), Arc::clone(&run));
        move || {
            let _entered = handle.enter();
            call_blocking(&supervisor, slot, run);
            drop(done);
        }
    });
    match spawned {
        Ok(_) if fake => hold_clock(supervisor, handle, finished),
        Ok(_) => {}
        Err(error) => {
            let error = format!("no thread for the job: {error}").into();
            let _ = finish(supervisor, slot, &run, End::Returned(Verdict::Failed { error, output: None }), None);
        }
    }
}

/// Holds tokio's paused clock still while a plain function runs, which it does in real time.
fn hold_clock<S: Supervise>(supervisor: &Arc<S>, handle: &Handle, finished: std::sync::mpsc::Receiver<()>) {
    let supervisor = Arc::clone(supervisor);
    #[expect(clippy::disallowed_methods, reason = "a blocking task is what keeps a paused clock from advancing")]
    handle.spawn_blocking(move || {
        let look = std::time::Duration::from_millis(10);
        while finished.recv_timeout(look) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) && supervisor.is_alive() {}
    });
}

fn call_blocking<S: Supervise>(supervisor: &Arc<S>, slot: u32, run: Arc<Run>) {
    let span = event::span(&run);
    let _entered = span.enter();
    let (run, result) = caught(run, |run| match &run.job.body {
        Body::Blocking(body) => Some(body(input(run))),
        Body::Async(_) => None,
    });
    let outcome = match result {
        Ok(Some(Report { verdict, state })) => finish(supervisor, slot, &run, End::Returned(verdict), state),
        Ok(None) => finish(supervisor, slot, &run, End::Dropped, None),
        Err(panic) => finish(supervisor, slot, &run, End::Panicked(panic), None),
    };
    if let Some(outcome) = outcome {
        event::close(&span, outcome);
    }
}

fn input(run: &Arc<Run>) -> Input {
    let state = run.cell.as_ref().and_then(|cell| cell.take(|| run.job.make_state()));
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
    if let Some(cell) = &run.cell {
        cell.put(state);
    }
    supervisor.ended(slot, run, end)
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Run>>> = const { RefCell::new(None) };
    static PANIC: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// The run whose code is being executed on this thread.
pub(crate) fn current() -> Option<Arc<Run>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Calls the user's code with the run as the current one; a panic comes back as its message and place.
fn caught<T>(run: Arc<Run>, call: impl FnOnce(&Arc<Run>) -> T) -> (Arc<Run>, Result<T, Arc<str>>) {
    let borrowed = Arc::clone(&run);
    let outer = CURRENT.replace(Some(run));
    let nested = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(|| call(&borrowed)));
    CATCHING.set(nested);
    CURRENT.set(outer);
    (borrowed, result.map_err(|payload| panic_text(&*payload)))
}

fn panic_text(payload: &(dyn Any + Send)) -> Arc<str> {
    PANIC.take().unwrap_or_else(|| message(payload).into())
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a text")
}

/// Notes message and place of panics in jobs, and lets the hook that was there before do its part.
pub(crate) fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                PANIC.set(Some(note(info)));
            }
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) -> Arc<str> {
    let message = message(info.payload());
    match info.location() {
        Some(place) => format!("{message}, at {}:{}", place.file(), place.line()).into(),
        None => message.into(),
    }
}
