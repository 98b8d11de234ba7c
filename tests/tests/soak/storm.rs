//! Everything that can be done to jobs, in random order, from several tasks at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_runtime::{JobHandle, RunError, Runtime};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::answers::{Answer, Answers};
use crate::jobs::{self, ADDED, FOLLOWERS, USERS, beat, carry, crunch, deliver, guarded, post, replace, squeeze};
use crate::random::Random;

/// How many tasks do something at the same time.
const ACTORS: u64 = 8;

/// What there is by name, besides what is added.
const NAMED: [&str; 14] = [
    "sync",
    "beat",
    "replace",
    "guarded",
    "deliver",
    "squeeze",
    "post",
    "crunch",
    "follow",
    "give_up",
    "keep_pool",
    "refresh",
    "carry",
    "consume",
];

pub struct Storm {
    actors: JoinSet<()>,
    over: Arc<AtomicBool>,
}

/// One of those who do something.
struct Actor {
    runtime: Runtime,
    answers: Arc<Answers>,
    random: Random,
}

impl Storm {
    pub fn begin(runtime: &Runtime, answers: &Arc<Answers>, over: &Arc<AtomicBool>, seed: u64) -> Self {
        let mut actors = JoinSet::new();
        for number in 0..ACTORS {
            let random = Random::new(seed.wrapping_mul(ACTORS).wrapping_add(number));
            let mut actor = Actor { runtime: runtime.clone(), answers: Arc::clone(answers), random };
            let over = Arc::clone(over);
            actors.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    actor.act().await;
                    sleep(Duration::from_millis(actor.random.within(0, 4))).await;
                }
            });
        }
        Self { actors, over: Arc::clone(over) }
    }

    pub async fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        while let Some(actor) = self.actors.join_next().await {
            actor.expect("nothing that is done to jobs panics");
        }
    }
}

/// A refusal is an answer too: of what is paused, removed, started already or shut down.
fn whatever<T, E>(_: Result<T, E>) {}

impl Actor {
    async fn act(&mut self) {
        match self.random.within(0, 99) {
            0..60 => self.spawn(),
            60..68 => self.trigger().await,
            68..84 => self.start_or_stop(),
            84..90 => self.reschedule(),
            90..94 => self.replace(),
            94..98 => self.pause_for_a_while().await,
            _ => whatever(self.runtime.resume("give_up").await),
        }
    }

    fn spawn(&mut self) {
        match self.random.within(0, 9) {
            0..3 => self.let_be(deliver::spawn(1)),
            3 => {
                let delay = Duration::from_millis(self.random.within(0, 100));
                self.let_be(deliver::spawn_after(delay, 2));
            }
            4 => self.let_be(squeeze::spawn()),
            5 => match squeeze::try_spawn() {
                Ok(handle) => self.let_be(handle),
                Err(refusal) => self.answers.count(Answer::of(&Err::<(), _>(refusal))),
            },
            6 | 7 => self.let_be(post::spawn(1)),
            8 => self.let_be(carry::spawn()),
            _ => self.let_be(crunch::spawn()),
        }
    }

    /// Drops a handle, cancels its run, or waits for its answer.
    fn let_be<R, T, E>(&mut self, handle: JobHandle<R>)
    where
        JobHandle<R>: Future<Output = Result<T, RunError<E>>> + Send + 'static,
    {
        match self.random.within(0, 9) {
            0..3 => drop(handle),
            3..5 => {
                handle.cancel();
                self.answers.wait_for(async { Answer::of(&handle.await) });
            }
            _ => self.answers.wait_for(async { Answer::of(&handle.await) }),
        }
    }

    async fn trigger(&mut self) {
        match self.random.within(0, 3) {
            0 => whatever(beat::trigger().await.map(|handle| self.let_be(handle))),
            1 => whatever(replace::trigger().await.map(|handle| self.let_be(handle))),
            2 => whatever(guarded::trigger().await.map(|handle| self.let_be(handle))),
            _ => {
                let name = self.name();
                whatever(self.runtime.trigger(&name).await);
            }
        }
    }

    fn start_or_stop(&mut self) {
        let (user, follower) = (self.below(USERS), self.below(FOLLOWERS));
        let _ = match self.random.within(0, 3) {
            0 => jobs::start_user(user),
            1 => jobs::stop_user(user),
            2 => jobs::start_follower(follower),
            _ => jobs::stop_follower(follower),
        };
    }

    fn reschedule(&mut self) {
        let name = jobs::name_of(self.below(ADDED));
        whatever(self.runtime.reschedule(&name, jobs::schedule(&mut self.random)));
    }

    /// Removes one that was added, and adds another of its name.
    fn replace(&mut self) {
        let number = self.below(ADDED);
        let _ = self.runtime.remove(&jobs::name_of(number));
        whatever(self.runtime.add(jobs::added(number, &mut self.random)));
    }

    async fn pause_for_a_while(&mut self) {
        let name = self.name();
        whatever(self.runtime.pause(&name, "for a while").await);
        sleep(Duration::from_millis(self.random.within(0, 50))).await;
        whatever(self.runtime.resume(&name).await);
    }

    fn name(&mut self) -> String {
        if self.random.percent(50) { self.random.one_of(&NAMED).to_owned() } else { jobs::name_of(self.below(ADDED)) }
    }

    fn below(&mut self, count: u32) -> u32 {
        u32::try_from(self.random.within(0, u64::from(count) - 1)).expect("it is below a small number")
    }
}
