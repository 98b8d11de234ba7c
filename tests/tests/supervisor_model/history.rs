//! A history: which services there are, what is set for them, and what happens to them. All lengths are milliseconds
//! of virtual time.

use crate::random::Random;

/// How the services of a history belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Each for itself.
    Alone,
    /// Instances of one.
    Template,
    /// Members of the group of this number.
    Group(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    Permanent,
    Transient,
    Temporary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

/// The groups there are: strategy, `max_restarts`, `max_seconds`.
pub const GROUPS: [(Strategy, usize, u64); 6] = [
    (Strategy::OneForOne, 1, 1),
    (Strategy::OneForOne, 3, 5),
    (Strategy::OneForAll, 1, 1),
    (Strategy::OneForAll, 3, 5),
    (Strategy::RestForOne, 1, 1),
    (Strategy::RestForOne, 3, 5),
];

/// How a run ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Ok,
    Err,
    Panic,
    Cancel,
}

/// What a run does that is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    After(u64, End),
    Deaf,
}

/// What is set for a service. In a template all instances have that of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub restart: Restart,
    pub budget: Option<(usize, u64)>,
    /// The first delay, and the longest.
    pub backoff: (u64, u64),
    pub pauses: bool,
    pub grace: u64,
    pub enabled: bool,
    /// What its runs do when they are asked, one after another and then from the start again.
    pub asked: [Asked; 3],
}

/// What is done from outside; services, or instances, are meant by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Advance(u64),
    /// The run that is on, and not asked to stop, ends.
    End(usize, End),
    Pause(usize),
    Resume(usize),
    Trigger(usize),
    Remove(usize),
    /// Of an instance.
    Start(usize),
    Stop(usize),
    /// At the end only.
    Shutdown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub scene: Scene,
    /// The places that are taken.
    pub there: [bool; 3],
    pub configs: [Config; 3],
    pub shutdown_timeout: u64,
    pub actions: Vec<Action>,
}

impl History {
    pub fn random(random: &mut Random) -> Self {
        let scene = match random.within(0, 9) {
            0..3 => Scene::Alone,
            3..5 => Scene::Template,
            _ => Scene::Group(small(random.within(0, 5))),
        };
        let mut there = [(); 3].map(|()| random.percent(85));
        there[small(random.within(0, 2))] = true;
        let configs = [(); 3].map(|()| Config::random(random, scene));
        let shutdown_timeout = random.within(1, 6_000);
        Self { scene, there, configs, shutdown_timeout, actions: actions(random, scene) }
    }
}

impl Config {
    fn random(random: &mut Random, scene: Scene) -> Self {
        let restart = random.one_of(&[
            Restart::Permanent,
            Restart::Permanent,
            Restart::Transient,
            Restart::Transient,
            Restart::Temporary,
        ]);
        let first = random.within(1, 900);
        let budget = (small(random.within(0, 3)), random.within(1, 4));
        let own = !matches!(scene, Scene::Group(_)) && restart != Restart::Temporary;
        Self {
            restart,
            budget: (own && random.percent(80)).then_some(budget),
            backoff: random.one_of(&[(500, 30_000), (0, 0), (first, first), (first, first * 5)]),
            pauses: own && random.percent(40),
            grace: random.within(1, 2_000),
            enabled: random.percent(95),
            asked: [(); 3].map(|()| Asked::random(random)),
        }
    }
}

impl Asked {
    fn random(random: &mut Random) -> Self {
        let length = if random.percent(50) { 0 } else { random.within(1, 1_500) };
        let end = random.one_of(&[End::Ok, End::Ok, End::Err, End::Panic]);
        if random.percent(12) { Self::Deaf } else { Self::After(length, end) }
    }
}

fn actions(random: &mut Random, scene: Scene) -> Vec<Action> {
    let mut actions = Vec::new();
    if scene == Scene::Template {
        actions.extend([Action::Start(0), Action::Start(1)]);
    }
    for _ in 0..random.within(2, 14) {
        if random.percent(60) {
            actions.push(Action::Advance(random.within(1, 1_500)));
        }
        let place = small(random.within(0, 2));
        let end = random.one_of(&[End::Err, End::Err, End::Err, End::Panic, End::Ok, End::Cancel]);
        actions.push(match random.within(0, 99) {
            0..60 => Action::End(place, end),
            60..70 => Action::Pause(place),
            70..82 => Action::Resume(place),
            82..89 if scene == Scene::Template => Action::Stop(place),
            89..98 if scene == Scene::Template => Action::Start(place),
            82..97 => Action::Trigger(place),
            _ => Action::Remove(place),
        });
    }
    actions.push(Action::Advance(random.within(1, 3_000)));
    actions.push(Action::Shutdown);
    actions
}

fn small(number: u64) -> usize {
    usize::try_from(number).expect("it is small")
}
