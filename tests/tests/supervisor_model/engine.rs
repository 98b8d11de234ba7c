//! The engine under a history: the same services, the same actions, and what it told of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, TestBuilder, start};
use job_runtime::{Context, Event, EventKind, JobConfig, Result, group, service};
use tokio::sync::oneshot;

use crate::history::{Action, Asked, Config, End, History, Restart, Scene};
use crate::model::{Line, Story, name};

/// The text of the panics that belong to a history.
pub const PLANNED: &str = "a planned panic";
/// When the clocks of a history start, in seconds since the epoch.
const MIDNIGHT: u64 = 1_767_225_600;

// ---- the services

/// What the runs of a history do.
struct Desk {
    configs: [Config; 3],
    seats: Mutex<BTreeMap<usize, Seat>>,
}

#[derive(Default)]
struct Seat {
    /// Ends the run that is on, unless it was asked to stop.
    cue: Option<oneshot::Sender<End>>,
    asked: usize,
}

impl Desk {
    fn seats(&self) -> MutexGuard<'_, BTreeMap<usize, Seat>> {
        self.seats.lock().expect("nobody panics with it")
    }

    fn asked(&self, place: usize, config: usize) -> Asked {
        let mut seats = self.seats();
        let seat = seats.entry(place).or_default();
        seat.cue = None;
        seat.asked += 1;
        self.configs[config].asked[(seat.asked - 1) % 3]
    }

    async fn play(&self, place: usize, config: usize, cx: &Context) -> std::result::Result<(), &'static str> {
        let (sender, cue) = oneshot::channel();
        self.seats().entry(place).or_default().cue = Some(sender);
        tokio::select! {
            biased;
            Ok(end) = cue => perform(end, cx),
            () = cx.cancelled() => match self.asked(place, config) {
                Asked::Deaf => std::future::pending().await,
                Asked::After(0, end) => perform(end, cx),
                Asked::After(length, end) => {
                    tokio::time::sleep(ms(length)).await;
                    perform(end, cx)
                }
            },
        }
    }
}

fn perform(end: End, cx: &Context) -> std::result::Result<(), &'static str> {
    match end {
        End::Ok => Ok(()),
        End::Err => Err("a planned failure"),
        End::Panic => panic!("{PLANNED}"),
        End::Cancel => {
            cx.cancel("as planned");
            Ok(())
        }
    }
}

macro_rules! services {
    ($($name:ident at $place:literal),*) => {$(
        #[service]
        async fn $name(cx: &Context, desk: &Desk) -> std::result::Result<(), &'static str> {
            desk.play($place, $place, cx).await
        }
    )*};
}

services![alone_0 at 0, alone_1 at 1, alone_2 at 2];
services![member_0_0 at 0, member_0_1 at 1, member_0_2 at 2];
services![member_1_0 at 0, member_1_1 at 1, member_1_2 at 2];
services![member_2_0 at 0, member_2_1 at 1, member_2_2 at 2];
services![member_3_0 at 0, member_3_1 at 1, member_3_2 at 2];
services![member_4_0 at 0, member_4_1 at 1, member_4_2 at 2];
services![member_5_0 at 0, member_5_1 at 1, member_5_2 at 2];

group!(GROUP_0 = [member_0_0, member_0_1, member_0_2], strategy = "one_for_one", max_restarts = 1, max_seconds = 1);
group!(GROUP_1 = [member_1_0, member_1_1, member_1_2], strategy = "one_for_one", max_restarts = 3, max_seconds = 5);
group!(GROUP_2 = [member_2_0, member_2_1, member_2_2], strategy = "one_for_all", max_restarts = 1, max_seconds = 1);
group!(GROUP_3 = [member_3_0, member_3_1, member_3_2], strategy = "one_for_all", max_restarts = 3, max_seconds = 5);
group!(GROUP_4 = [member_4_0, member_4_1, member_4_2], strategy = "rest_for_one", max_restarts = 1, max_seconds = 1);
group!(GROUP_5 = [member_5_0, member_5_1, member_5_2], strategy = "rest_for_one", max_restarts = 3, max_seconds = 5);

#[service]
async fn instance(place: usize, cx: &Context, desk: &Desk) -> std::result::Result<(), &'static str> {
    desk.play(place, 0, cx).await
}

// ---- a history of them

/// Runs a history on paused time; `actions` are those of it that are done.
pub async fn play(history: &History, actions: &[Action]) -> Story {
    let desk = Arc::new(Desk { configs: history.configs, seats: Mutex::default() });
    let mut player = Player { scene: history.scene, jobs: started(history, &desk).await, desk, own: Vec::new() };
    player.jobs.advance("0s").await;
    let mut story = Story::default();
    for action in actions {
        if let Some(result) = player.act(*action).await {
            story.result = result;
        }
        story.looks.push(player.look());
    }
    story.lines = player.jobs.events().iter().map(line).collect();
    story.lines.append(&mut player.own);
    story
}

async fn started(history: &History, desk: &Arc<Desk>) -> Harness {
    let mut names: Vec<(usize, String)> =
        (0..3).filter(|place| history.there[*place]).map(|place| (place, name(history.scene, place))).collect();
    if history.scene == Scene::Template {
        names = vec![(0, name(history.scene, 0))];
    }
    let builder = start().auto().at(midnight()).shutdown_timeout(ms(history.shutdown_timeout));
    let builder = builder.data_arc(Arc::clone(desk)).only(names.iter().map(|(_, name)| &**name));
    let set = |builder: TestBuilder, (place, name): &(usize, String)| {
        let config = history.configs[*place];
        builder.configure(name, move |job| set(config, job))
    };
    names.iter().fold(builder, set).await
}

fn set(config: Config, job: JobConfig) -> Result<JobConfig> {
    let restart = match config.restart {
        Restart::Permanent => "permanent",
        Restart::Transient => "transient",
        Restart::Temporary => "temporary",
    };
    let mut job = job.restart(restart)?.enabled(config.enabled)?.job_shutdown(ms(config.grace))?;
    if config.restart != Restart::Temporary {
        job = job.backoff(&backoff(config.backoff))?;
    }
    if let Some((restarts, seconds)) = config.budget {
        let small = |number: u64| u32::try_from(number).expect("it is small");
        job = job.max_restarts(small(restarts as u64))?.max_seconds(small(seconds))?;
    }
    if config.pauses { job.on_give_up("pause") } else { Ok(job) }
}

fn backoff((first, longest): (u64, u64)) -> String {
    match first {
        0 => "0s".to_owned(),
        _ if first == longest => format!("{first}ms"),
        _ => format!("{first}ms..{longest}ms"),
    }
}

struct Player {
    scene: Scene,
    jobs: Harness,
    desk: Arc<Desk>,
    /// What no event tells: refusals.
    own: Vec<Line>,
}

impl Player {
    /// Does it; what came of it all, if it was the shutdown.
    async fn act(&mut self, action: Action) -> Option<String> {
        let runtime = self.jobs.runtime().clone();
        let name = |place| name(self.scene, place);
        match action {
            Action::Advance(length) => {
                self.jobs.advance(ms(length)).await;
                return None;
            }
            Action::End(place, end) => {
                let cue = self.desk.seats().get_mut(&place).and_then(|seat| seat.cue.take());
                cue.map(|cue| cue.send(end));
            }
            Action::Pause(place) => drop(runtime.pause(&name(place), "as planned").await),
            Action::Resume(place) => drop(runtime.resume(&name(place)).await),
            Action::Trigger(place) => {
                let refused = runtime.trigger(&name(place)).await.is_err_and(|error| error.is_refused());
                self.note_if(refused, place, "refused");
            }
            Action::Remove(place) => drop(runtime.remove(&name(place))),
            Action::Start(place) => {
                let there = runtime.job(&name(place)).is_some();
                let refused = instance::start(place).is_err();
                self.note_if(there && refused, place, "started already");
            }
            Action::Stop(place) => drop(instance::stop(place)),
            Action::Shutdown => {
                return Some(match self.jobs.shutdown().await {
                    Ok(()) => "in order".to_owned(),
                    Err(error) if error.is_abandoned() => "abandoned".to_owned(),
                    Err(error) => {
                        let text = error.to_string();
                        text.split_once("; its last error").map_or(text.clone(), |(text, _)| text.to_owned())
                    }
                });
            }
        }
        self.jobs.advance("0s").await;
        None
    }

    fn note_if(&mut self, happened: bool, place: usize, what: &str) {
        if happened {
            let job = name(self.scene, place);
            self.own.push(Line { at: since(self.jobs.now()), job, what: what.to_owned() });
        }
    }

    fn look(&self) -> String {
        let runtime = self.jobs.runtime();
        // One that was removed is listed until its last run has ended.
        let there = runtime.jobs().into_iter().filter(|info| runtime.job(&info.name).is_some());
        let jobs: Vec<String> = there
            .map(|info| {
                let books = info.accounting;
                let next: Vec<u64> = info.next.iter().copied().map(since).collect();
                format!(
                    "{} ({}, {}, {}, {}, {}) running {} of {} paused {} next {next:?}",
                    info.name,
                    books.due,
                    books.ran,
                    books.skipped,
                    books.missed,
                    books.pending,
                    info.running,
                    info.instances,
                    info.paused.is_some(),
                )
            })
            .collect();
        let at = since(self.jobs.now());
        format!("{at}: {}", jobs.join("; "))
    }
}

fn line(event: &Event) -> Line {
    let what = match &event.kind {
        EventKind::Started { trigger, scheduled_at, .. } => {
            format!("started by {trigger} for {}", since(*scheduled_at))
        }
        EventKind::Finished { outcome, duration, .. } => format!("{outcome} after {}", duration.as_millis()),
        EventKind::Skipped { reason, .. } => format!("skipped {reason}"),
        EventKind::Missed { reason, from, .. } => format!("missed {reason} for {}", since(*from)),
        EventKind::Restarted { delay } => format!("restarts in {}", delay.as_millis()),
        EventKind::GaveUp { .. } => "gave up".to_owned(),
        EventKind::Paused { .. } => "paused".to_owned(),
        EventKind::Resumed => "resumed".to_owned(),
        EventKind::ShutdownStarted => "shutdown started".to_owned(),
        EventKind::ShutdownFinished { abandoned } => format!("shutdown finished, abandoned {}", abandoned.join(", ")),
        other => panic!("nothing in a history leads to {other:?}"),
    };
    let job = event.job.as_deref().unwrap_or_default().to_owned();
    Line { at: since(event.at), job, what }
}

fn since(time: SystemTime) -> u64 {
    let since = time.duration_since(midnight()).expect("nothing is before midnight");
    assert_eq!(since.subsec_nanos() % 1_000_000, 0, "{since:?}");
    u64::try_from(since.as_millis()).expect("it is short")
}

fn midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(MIDNIGHT)
}

fn ms(length: u64) -> Duration {
    Duration::from_millis(length)
}
