//! The engine's lock and its one task: everything is decided under the lock, and done after it is released.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

use super::attendants::Attendants;
use super::carrier::Lane;
use super::executor::{self, End, Supervise};
use super::supervisor::{Core, Owner, Rest, Stop, owner};
use super::teller::Teller;
use crate::clock::{Moment, Now, first, in_real_time};
use crate::error::{Error, Result};
use crate::event::Board;
use crate::job::{Conductor, Home, Phase, Run};
use crate::outcome::Outcome;
use crate::panics::held;

/// How often an engine of this process has come, ended or gone.
pub(crate) static CHANGES: AtomicUsize = AtomicUsize::new(0);

/// A running engine.
pub(crate) struct Engine {
    pub(crate) home: Arc<Home>,
    pub(crate) board: Arc<Board>,
    handle: Handle,
    state: Mutex<State>,
    lane: Arc<Lane<Self>>,
    /// Ends of carried runs, which whoever takes the lock next makes known; and how many there are.
    ends: Mutex<Vec<Ended>>,
    untold: AtomicUsize,
    wake: Notify,
    /// Cleared when it is killed; shared with who must not hold the engine to ask.
    pub(crate) alive: Arc<AtomicBool>,
    /// Set when it has ended.
    pub(crate) over: Arc<AtomicBool>,
    driver: Mutex<Option<JoinHandle<()>>>,
    pub(crate) attendants: Attendants,
    teller: Teller,
    ended: watch::Sender<Option<Result>>,
    /// Goes last, and with it those know who wait for that.
    gone: watch::Sender<()>,
}

/// How long the end waits for those who still hold the engine.
const LETTING_GO: Duration = Duration::from_secs(1);

/// The end of a carried run.
struct Ended {
    slot: u32,
    run: Arc<Run>,
    /// Until it is made known; how long the run took, which nobody listens to, is not read from the clock.
    end: Option<End>,
}

struct State {
    core: Core,
    kinds: Vec<Box<dyn Owner>>,
    /// Until when the driver sleeps.
    armed: Moment,
}

/// What the driver does next.
enum Turn {
    Again,
    Sleep(Moment),
    Over,
}

impl Engine {
    /// An engine on the current tokio runtime; [`drive`](Self::drive) makes it go.
    pub(crate) fn new(
        home: Arc<Home>,
        board: Board,
        kinds: Vec<Box<dyn Owner>>,
        shutdown_timeout: Option<Duration>,
        manual: bool,
    ) -> Arc<Self> {
        let (now, fake) = (home.clock.now(), home.clock.is_fake());
        let board = Arc::new(board);
        let core = Core::new(now, Arc::clone(&board), shutdown_timeout, manual, fake);
        let teller = Teller::new(Arc::clone(&board), Handle::current(), fake);
        let engine = Arc::new(Self {
            home,
            board,
            handle: Handle::current(),
            state: Mutex::new(State { core, kinds, armed: Moment::NEVER }),
            lane: Lane::new(&Handle::current(), fake),
            ends: Mutex::default(),
            untold: AtomicUsize::new(0),
            wake: Notify::new(),
            alive: Arc::new(AtomicBool::new(true)),
            over: Arc::default(),
            driver: Mutex::new(None),
            attendants: Attendants::new(fake.then(Handle::current)),
            teller,
            ended: watch::Sender::new(None),
            gone: watch::Sender::new(()),
        });
        let conductor: Arc<dyn Conductor> = engine.clone();
        let _ = engine.home.conductor.set(Arc::downgrade(&conductor));
        engine
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts what looks at the timers, a thread of its own, and then the jobs.
    ///
    /// As a task of the program's runtime it would stand still with it: a worker that serves tokio's timers may be
    /// the very one that a blocking job keeps, and no other is woken in its place. In tests it is a task, because
    /// there the clock is the runtime's.
    ///
    /// # Errors
    /// When the thread cannot be had.
    pub(crate) fn drive(self: &Arc<Self>) -> Result {
        self.start_driver()?;
        self.locked(|core, kinds, _| core.begin_all(kinds));
        Ok(())
    }

    fn start_driver(self: &Arc<Self>) -> Result {
        let engine = Arc::clone(self);
        if self.home.clock.is_fake() {
            #[expect(clippy::disallowed_methods, reason = "the engine's own task")]
            self.handle.spawn(engine.look_after());
            return Ok(());
        }
        let failed = |error: std::io::Error| Error::refused(format!("cannot start the engine: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let thread = std::thread::Builder::new().name("job-driver".to_owned());
        let driver = thread.spawn(move || runtime.block_on(engine.look_after())).map_err(failed)?;
        *self.driver.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
        Ok(())
    }

    /// Lets go of an engine that has ended, and waits until nobody holds it, so that what the jobs and listeners
    /// shared is dropped by now. Who holds on for longer than a moment is not waited for.
    pub(crate) async fn let_go(self: Arc<Self>) {
        self.teller.all_told().await;
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads: Vec<_> = driver.into_iter().chain(self.attendants.close()).chain(self.teller.close()).collect();
        let (joined, gone) = oneshot::channel::<()>();
        // A thread waits for threads: the program's own for what blocks may all be taken.
        let join = move || {
            for thread in threads {
                let _ = thread.join();
            }
            drop(joined);
        };
        if std::thread::Builder::new().name("job-end".to_owned()).spawn(join).is_ok() {
            let _ = gone.await;
        }
        let mut gone = self.gone.subscribe();
        drop(self);
        let _ = first(async { drop(gone.changed().await) }, in_real_time(LETTING_GO)).await;
    }

    async fn look_after(self: Arc<Self>) {
        loop {
            let turn = {
                // What is dropped here of the users' finds the program's runtime around it.
                let _entered = self.handle.enter();
                held(|| self.turn()).unwrap_or_else(|| self.break_down())
            };
            match turn {
                Turn::Again => tokio::task::yield_now().await,
                Turn::Sleep(until) => {
                    let until = until.min(self.lane.relieve(&self.handle, self.home.clock.moment()));
                    first(self.wake.notified(), self.home.clock.alarm(until)).await;
                }
                Turn::Over => return,
            }
        }
    }

    /// A panic in the engine is a bug of it: better an end with an error than jobs that silently tick no more.
    fn break_down(self: &Arc<Self>) -> Turn {
        self.ended.send_replace(Some(Err(Error::refused("the engine panicked, and its jobs have ended"))));
        self.kill();
        Turn::Over
    }

    /// Handles what is due now.
    fn turn(self: &Arc<Self>) -> Turn {
        let turn = self.locked(|core, kinds, armed| {
            if core.is_over() {
                core.unanswered();
                return Turn::Over;
            }
            core.look_at_clocks(kinds, *armed);
            *armed = Moment::NEVER;
            if core.handle_due(kinds) {
                // Awake already: nobody needs to wake the driver.
                *armed = core.now.moment;
                return Turn::Again;
            }
            *armed = core.next_look();
            Turn::Sleep(*armed)
        });
        if let Turn::Over = turn {
            self.conclude();
        }
        turn
    }

    /// Handles everything that is due now; for the test kit, at a moment it has chosen.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "the test kit's step"))]
    pub(crate) fn turn_all(self: &Arc<Self>) {
        while let Turn::Again = self.turn() {}
        self.wake.notify_one();
    }

    /// Decides something under the lock, and does afterwards what follows from it.
    pub(crate) fn with<T>(self: &Arc<Self>, decide: impl FnOnce(&mut Core, &mut [Box<dyn Owner>]) -> T) -> T {
        self.locked(|core, kinds, _| decide(core, kinds))
    }

    /// Reads or changes what is common to all kinds.
    pub(crate) fn with_core<T>(self: &Arc<Self>, decide: impl FnOnce(&mut Core) -> T) -> T {
        self.locked(|core, _, _| decide(core))
    }

    fn locked<T>(self: &Arc<Self>, decide: impl FnOnce(&mut Core, &mut Vec<Box<dyn Owner>>, &mut Moment) -> T) -> T {
        self.locked_at(|_| self.home.clock.now(), decide)
    }

    fn locked_at<T>(
        self: &Arc<Self>,
        now: impl FnOnce(&Core) -> Now,
        decide: impl FnOnce(&mut Core, &mut Vec<Box<dyn Owner>>, &mut Moment) -> T,
    ) -> T {
        let mut state = self.lock();
        let now = now(&state.core);
        let State { core, kinds, armed } = &mut *state;
        let mut ends = self.take_ends();
        core.begin(now, self.board.is_read());
        for Ended { slot, run, end } in &mut ends {
            if let Some(end) = end.take() {
                core.attempt_ended(kinds, *slot, run, end);
            }
        }
        let result = decide(core, kinds, armed);
        let Rest { launches, endings, leftovers, lost } = core.finish(kinds);
        let sooner = core.next_look() < *armed || core.is_over();
        drop(state);
        self.teller.tell();
        if self.lane.launch(self, launches, now.moment) || sooner {
            self.wake.notify_one();
        }
        for (run, ending) in endings {
            held(|| drop(run.conclude(ending)));
        }
        for cell in lost {
            held(|| cell.put(None));
        }
        for leftover in leftovers {
            // What panics in its own drop is its own affair.
            held(|| drop(leftover));
        }
        result
    }

    /// Puts an end down beside the lock.
    fn put_end(&self, slot: u32, run: Arc<Run>, end: End) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push(Ended { slot, run, end: Some(end) });
        self.untold.store(ends.len(), Ordering::Release);
    }

    /// The ends of carried runs that are not known yet.
    fn take_ends(&self) -> Vec<Ended> {
        if self.untold.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        self.untold.store(0, Ordering::Release);
        std::mem::take(&mut *ends)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to shut down: nothing new starts, runs are asked to stop. A second call changes nothing.
    pub(crate) fn begin_shutdown(self: &Arc<Self>) {
        self.locked(|core, kinds, _| core.drain(kinds));
    }

    /// Drops everything that runs, at once; for a runtime that is dropped itself.
    pub(crate) fn kill(self: &Arc<Self>) {
        self.alive.store(false, Ordering::Release);
        CHANGES.fetch_add(1, Ordering::AcqRel);
        self.locked(|core, kinds, _| core.kill(kinds));
        self.attendants.dismiss();
        self.conclude();
    }

    /// Begins to shut down when `signal` is ready.
    pub(crate) fn shutdown_when(self: &Arc<Self>, signal: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let engine = Arc::clone(self);
        #[expect(clippy::disallowed_methods, reason = "it ends with the engine")]
        self.handle.spawn(async move {
            let mut signal = signal;
            // One that panics is better taken for the signal than never heard.
            let heard = std::future::poll_fn(|task| held(|| signal.as_mut().poll(task)).unwrap_or(Poll::Ready(())));
            if first(heard, async { drop(engine.end().await) }).await.is_some() {
                engine.begin_shutdown();
            }
            // First what is the user's: the end of the engine says that nothing of it is held any more.
            drop(signal);
            drop(engine);
        });
    }

    /// Whether the driver answers within `patience`.
    pub(crate) async fn ping(self: &Arc<Self>, patience: Duration) -> bool {
        let (asked, answered) = oneshot::channel();
        self.with_core(|core| core.ping(asked));
        self.wake.notify_one();
        let clock = &self.home.clock;
        let waited = async {
            if clock.is_fake() {
                clock.sleep_until(clock.moment() + patience).await;
            } else {
                // Whoever asks may do so where tokio keeps no time.
                in_real_time(patience).await;
            }
        };
        first(async { answered.await.is_ok() }, waited).await.unwrap_or(false)
    }

    /// Whether a run was given up because it keeps its thread.
    pub(crate) fn is_stuck(&self) -> bool {
        self.lock().core.is_stuck()
    }

    /// Whether the runtime takes no new work.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().core.is_closing()
    }

    /// Waits for the end, until what attends the engine has put away its things, and until listeners know of it; what
    /// came of it.
    pub(crate) async fn end(&self) -> Result {
        let mut ended = self.ended.subscribe();
        let result = match ended.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or(Ok(())),
            Err(_) => Ok(()),
        };
        self.attendants.all_done().await;
        self.teller.all_told().await;
        result
    }

    /// Whether the last run has ended.
    #[cfg_attr(not(feature = "signals"), expect(dead_code, reason = "asked by the signals' thread"))]
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// The jobs whose runs are still on.
    fn still_running(&self) -> Vec<Arc<str>> {
        self.lock().core.still_running()
    }

    /// Ends the process with 1, after saying why and naming what is still on.
    pub(crate) fn exit(&self, why: &str) -> ! {
        let names: Vec<String> = self.still_running().iter().map(|name| format!("`{name}`")).collect();
        let which = if names.is_empty() { String::from("none, they have just ended") } else { names.join(", ") };
        eprintln!("job-runtime: {why}: {which}");
        std::process::exit(1)
    }

    fn conclude(&self) {
        let result = self.lock().core.result();
        // Whoever is told of the end finds it so.
        self.over.store(true, Ordering::Release);
        CHANGES.fetch_add(1, Ordering::AcqRel);
        self.ended.send_if_modified(|ended| {
            if ended.is_some() {
                return false;
            }
            *ended = Some(result);
            true
        });
        self.board.post_end();
        self.teller.tell();
    }
}

impl Supervise for Engine {
    fn answered(self: &Arc<Self>, slot: u32, run: &Arc<Run>, answer: std::result::Result<bool, Arc<str>>) -> bool {
        self.locked(|core, kinds, _| core.answered(kinds, slot, run, answer))
    }

    fn ended(self: &Arc<Self>, slot: u32, run: &Arc<Run>, end: End) -> Option<Outcome> {
        // Unless somebody listens, the end of a run needs no wall clock, and reading it costs as much as the rest.
        let now = |core: &Core| {
            if self.board.is_read() { self.home.clock.now() } else { core.reckon(self.home.clock.moment()) }
        };
        self.locked_at(now, |core, kinds, _| core.attempt_ended(kinds, slot, run, end))
    }

    fn ended_with_others(self: &Arc<Self>, slot: u32, run: Arc<Run>, end: End) {
        if self.board.is_read() {
            // Whoever listens is told at once, by both clocks.
            self.ended(slot, &run, end);
            return;
        }
        self.put_end(slot, run, end);
    }

    fn ended_later(&self, slot: u32, run: Arc<Run>, end: End) {
        self.put_end(slot, run, end);
        self.wake.notify_one();
    }

    fn tell_ends(self: &Arc<Self>) {
        if self.untold.load(Ordering::Acquire) > 0 {
            self.locked(|_, _, _| ());
        }
    }

    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }
}

impl Conductor for Engine {
    fn waits_for_itself(&self, run: &Run) -> bool {
        let Some(cell) = &run.cell else { return false };
        let same = |asker: &Run| asker.id != run.id && asker.cell.as_ref().is_some_and(|held| Arc::ptr_eq(held, cell));
        executor::current().is_some_and(|asker| same(&asker))
    }

    fn cancel(self: Arc<Self>, run: &Arc<Run>, reason: &str) {
        self.locked(|core, kinds, _| match core.slot_of(run) {
            Some(slot) => core.stop(kinds, slot, Stop::Cancelled(reason.into())),
            None if matches!(run.phase(), Phase::Pending | Phase::Scheduled) => {
                if let Some(owner) = owner(kinds, &run.job) {
                    owner.on_cancel(core, run, reason);
                }
            }
            None => {}
        });
    }
}
