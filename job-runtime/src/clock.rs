//! The only reader of time: a monotonic clock, and a wall clock that tests can move.
#![expect(clippy::disallowed_methods, reason = "this is where time is read")]

use std::ops::{Add, Sub};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// A point on the monotonic clock, in nanoseconds since [`BEFORE`] the clock was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment(u64);

/// 200 years: as far back a nominal time may lie, by a wall clock that was set forward, and has its moment all the same.
const BEFORE: u64 = 200 * 31_557_600 * 1_000_000_000;

impl Moment {
    fn after_start(elapsed: Duration) -> Self {
        Self(BEFORE.saturating_add(nanos(elapsed)))
    }

    /// Later than any alarm.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The time from `earlier` to here; zero when it is not earlier.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `times` periods further on.
    pub(crate) fn after(self, period: Duration, times: u64) -> Self {
        Self(self.0.saturating_add(nanos(period).saturating_mul(times)))
    }

    /// `times` periods back.
    pub(crate) fn before(self, period: Duration, times: u64) -> Self {
        Self(self.0.saturating_sub(nanos(period).saturating_mul(times)))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }
}

/// Nanoseconds in 64 bits: 584 years, and what is longer is held there.
pub(crate) fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// Both clocks, read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) moment: Moment,
    pub(crate) wall: SystemTime,
}

impl Now {
    /// What the wall clock shows at a moment, as the two clocks stand to each other now.
    pub(crate) fn wall_at(&self, moment: Moment) -> SystemTime {
        if moment >= self.moment {
            later(self.wall, moment.since(self.moment))
        } else {
            earlier(self.wall, self.moment.since(moment))
        }
    }

    /// The moment at which the wall clock will show `wall`, as the two clocks stand to each other now.
    pub(crate) fn moment_at(&self, wall: SystemTime) -> Moment {
        match wall.duration_since(self.wall) {
            Ok(ahead) => self.moment + ahead,
            Err(behind) => self.moment - behind.duration(),
        }
    }
}

/// How long after the epoch all is over that anybody means: the year 9999.
pub(crate) const FAR: Duration = Duration::from_secs(253_370_764_800);

/// `time + length`, or what is [far](FAR) where the calendar ends.
pub(crate) fn later(time: SystemTime, length: Duration) -> SystemTime {
    time.checked_add(length).unwrap_or_else(|| time.max(SystemTime::UNIX_EPOCH + FAR))
}

/// `time - length`, or `time` where the calendar begins.
pub(crate) fn earlier(time: SystemTime, length: Duration) -> SystemTime {
    time.checked_sub(length).unwrap_or(time)
}

/// The clocks of one runtime.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// In tests, what the wall clock showed at `origin`, steps and suspends included.
    fake_wall: Option<Mutex<SystemTime>>,
    /// In tests, how many hold the clocks in motion; the engine arms its timers only then.
    motion: Option<Arc<watch::Sender<usize>>>,
}

/// Keeps a test's clocks in motion as long as it lives.
#[derive(Debug, Default)]
pub(crate) struct Hold(Option<Arc<watch::Sender<usize>>>);

impl Hold {
    /// Whether it keeps any in motion; the machine's need no one for that.
    pub(crate) fn holds(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(motion) = &self.0 {
            motion.send_modify(|holds| *holds -= 1);
        }
    }
}

impl Clock {
    /// The machine's clocks.
    pub(crate) fn real() -> Self {
        Self { origin: Instant::now(), fake_wall: None, motion: None }
    }

    /// tokio's paused clock, with a wall clock beside it that shows `wall` now.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "the test kit's clock"))]
    pub(crate) fn fake(wall: SystemTime) -> Self {
        let motion = Some(Arc::new(watch::Sender::new(0)));
        Self { origin: Instant::now(), fake_wall: Some(Mutex::new(wall)), motion }
    }

    /// Fails here, at the start, rather than in the engine's task later.
    ///
    /// # Panics
    /// Where tokio's time is not enabled.
    pub(crate) fn probe(&self) {
        drop(tokio::time::sleep_until(self.origin));
    }

    pub(crate) fn is_fake(&self) -> bool {
        self.fake_wall.is_some()
    }

    pub(crate) fn now(&self) -> Now {
        let elapsed = self.origin.elapsed();
        let wall = match &self.fake_wall {
            None => SystemTime::now(),
            Some(start) => later(*start.lock().unwrap_or_else(PoisonError::into_inner), elapsed),
        };
        Now { moment: Moment::after_start(elapsed), wall }
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment::after_start(self.origin.elapsed())
    }

    /// Lets a test's clocks move until the hold is dropped; the machine's clocks always do.
    pub(crate) fn hold(&self) -> Hold {
        if let Some(motion) = &self.motion {
            motion.send_modify(|holds| *holds += 1);
        }
        Hold(self.motion.clone())
    }

    /// Waits until the monotonic clock shows `moment`, for the engine's timers: while a test's clocks stand
    /// still, no timer is armed, so that tokio's paused clock is not led ahead.
    pub(crate) async fn alarm(&self, moment: Moment) {
        let Some(motion) = &self.motion else { return self.sleep_until(moment).await };
        let mut motion = motion.subscribe();
        loop {
            if motion.wait_for(|holds| *holds > 0).await.is_err() {
                return std::future::pending().await;
            }
            let stopped = async { motion.wait_for(|holds| *holds == 0).await.is_err() };
            if first(stopped, self.sleep_until(moment)).await.is_none() {
                return;
            }
        }
    }

    /// Waits until the monotonic clock shows `moment`.
    pub(crate) async fn sleep_until(&self, moment: Moment) {
        match self.origin.checked_add(Duration::from_nanos(moment.0.saturating_sub(BEFORE))) {
            Some(instant) if moment != Moment::NEVER => tokio::time::sleep_until(instant).await,
            _ => std::future::pending().await,
        }
    }
}

/// Waits for a while on the machine's clock, where there is no runtime's.
#[cfg_attr(not(feature = "signals"), expect(dead_code, reason = "the patience of the signals' thread"))]
pub(crate) async fn wait(length: Duration) {
    tokio::time::sleep(length).await;
}

/// Waits for whichever ends first; `Some` when it was the left one.
pub(crate) async fn first<T>(left: impl Future<Output = T>, right: impl Future<Output = ()>) -> Option<T> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    std::future::poll_fn(|task| match left.as_mut().poll(task) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => right.as_mut().poll(task).map(|()| None),
    })
    .await
}

/// The wall clock of the machine, where a test's begins, and where no runtime's is.
#[cfg_attr(
    not(any(feature = "testing", feature = "_durable")),
    expect(
        dead_code,
        reason = "where the test kit's wall clock begins, and of what is asked of a store without a runtime"
    )
)]
pub(crate) fn machine_time() -> SystemTime {
    SystemTime::now()
}

/// Waits for `length` of real time, also where tokio's clock is paused, or keeps no time.
pub(crate) async fn in_real_time(length: Duration) {
    let (over, waited) = oneshot::channel();
    let (cancelled, cancel) = mpsc::channel::<()>();
    let waiting = std::thread::Builder::new().name("job-patience".to_owned()).spawn(move || {
        let _ = cancel.recv_timeout(length);
        let _ = over.send(());
    });
    if waiting.is_ok() {
        let _ = waited.await;
    }
    drop(cancelled);
}

/// Whether tokio's clock shows the same before and after `length` of real time.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "a check of the test kit"))]
pub(crate) fn stands_still(length: Duration) -> bool {
    let (shown, start) = (Instant::now(), std::time::Instant::now());
    while start.elapsed() < length {
        std::hint::spin_loop();
    }
    Instant::now() == shown
}

#[cfg(feature = "testing")]
impl Clock {
    /// Moves the wall clock alone.
    pub(crate) fn set_wall(&self, wall: SystemTime) {
        if let Some(start) = &self.fake_wall {
            let elapsed = self.origin.elapsed();
            *start.lock().unwrap_or_else(PoisonError::into_inner) = earlier(wall, elapsed);
        }
    }
}
