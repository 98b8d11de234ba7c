//! Services that end when and how a test says, and what happened to all of them told in words.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test binary uses a part of it")]

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use job_runtime::testing::{Harness, TestBuilder};
use job_runtime::{Context, Event};
use tokio::sync::Notify;

use crate::stage::{auto, ms, words};

/// The error of these services.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.0)
    }
}

impl Error for Failure {}

/// How a run ends when its cue comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Ok,
    Err,
    Panic,
    Cancel,
}

/// What a run does when it is asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    #[default]
    Ok,
    Err,
    Panic,
    /// It needs so many milliseconds.
    After(u64),
    /// It goes on.
    Deaf,
}

/// The cues of all services of a test, by their names. Clones mean the same.
#[derive(Clone, Default)]
pub struct Cues(Arc<Desk>);

#[derive(Default)]
struct Desk {
    parts: Mutex<BTreeMap<String, Part>>,
    changed: Notify,
}

#[derive(Default)]
struct Part {
    ends: VecDeque<End>,
    asked: Asked,
}

impl Cues {
    /// The run that is on ends so, or else the next that comes.
    pub fn end(&self, who: &str, end: End) {
        self.parts().entry(who.to_owned()).or_default().ends.push_back(end);
        self.0.changed.notify_waiters();
    }

    /// So do the runs, one after another.
    pub fn ends<const N: usize>(&self, who: &str, ends: [End; N]) {
        ends.into_iter().for_each(|end| self.end(who, end));
    }

    /// What its runs do from now on when they are asked to stop.
    pub fn when_asked(&self, who: &str, asked: Asked) {
        self.parts().entry(who.to_owned()).or_default().asked = asked;
    }

    /// The life of a service.
    pub async fn play(&self, cx: &Context) -> Result<(), Failure> {
        self.play_as(cx.name(), cx).await
    }

    /// The life of an instance of a service.
    pub async fn play_as(&self, who: &str, cx: &Context) -> Result<(), Failure> {
        tokio::select! {
            biased;
            end = self.cue(who) => perform(end, who, cx),
            () = cx.cancelled() => self.stop(who).await,
        }
    }

    /// The life of a service that does not hear.
    pub async fn play_deaf(&self, who: &str) -> Result<(), Failure> {
        match self.cue(who).await {
            End::Ok | End::Cancel => Ok(()),
            End::Err => Err(Failure(who.to_owned())),
            End::Panic => panic!("{who} panicked"),
        }
    }

    async fn cue(&self, who: &str) -> End {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let next = self.parts().get_mut(who).and_then(|part| part.ends.pop_front());
            match next {
                Some(end) => return end,
                None => changed.await,
            }
        }
    }

    async fn stop(&self, who: &str) -> Result<(), Failure> {
        let asked = self.parts().get(who).map(|part| part.asked).unwrap_or_default();
        match asked {
            Asked::Ok => Ok(()),
            Asked::Err => Err(Failure(who.to_owned())),
            Asked::Panic => panic!("{who} panicked"),
            Asked::After(length) => {
                tokio::time::sleep(Duration::from_millis(length)).await;
                Ok(())
            }
            Asked::Deaf => pending().await,
        }
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<String, Part>> {
        self.0.parts.lock().expect("nobody panics with it")
    }
}

fn perform(end: End, who: &str, cx: &Context) -> Result<(), Failure> {
    match end {
        End::Ok => Ok(()),
        End::Err => Err(Failure(who.to_owned())),
        End::Panic => panic!("{who} panicked"),
        End::Cancel => {
            cx.cancel("had enough");
            Err(Failure(who.to_owned()))
        }
    }
}

/// Services that live by their cues.
macro_rules! services {
    ($($(#[$option:meta])? $name:ident),* $(,)?) => {$(
        #[job_runtime::service]
        $(#[$option])?
        async fn $name(cx: &job_runtime::Context, cues: &$crate::crew::Cues) -> Result<(), $crate::crew::Failure> {
            cues.play(cx).await
        }
    )*};
}
pub(crate) use services;

/// These jobs on paused time, from midnight on, each started and polled, and their cues.
pub async fn on(names: &[&str]) -> (Harness, Cues) {
    with(names, |builder| builder).await
}

/// The same, with more said about them.
pub async fn with(names: &[&str], more: impl FnOnce(TestBuilder) -> TestBuilder) -> (Harness, Cues) {
    let cues = Cues::default();
    let jobs = more(auto(names).data(cues.clone())).await;
    jobs.advance("0s").await;
    (jobs, cues)
}

/// Ends a run now, and lets what follows from it happen while the clocks stand still.
pub async fn end(jobs: &Harness, cues: &Cues, who: &str, end: End) {
    cues.end(who, end);
    jobs.advance("0s").await;
}

/// What happened in all, in order: `100ms keeper started`; what the runtime did as a whole without a name.
pub fn told(jobs: &Harness) -> Vec<String> {
    jobs.events().iter().map(line).collect()
}

/// What happened after a moment, in milliseconds.
pub fn told_after(jobs: &Harness, from: u64) -> Vec<String> {
    let events = jobs.events();
    events.iter().filter(|event| ms(event.at) > u128::from(from)).map(line).collect()
}

/// What happened after the first so many events.
pub fn told_since(jobs: &Harness, count: usize) -> Vec<String> {
    jobs.events().iter().skip(count).map(line).collect()
}

fn line(event: &Event) -> String {
    let job = event.job.as_deref().map(|job| format!("{job} ")).unwrap_or_default();
    format!("{}ms {job}{}", ms(event.at), words(&event.kind))
}
