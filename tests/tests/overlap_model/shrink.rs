//! Makes a history that shows something shorter and plainer, as long as it still shows it.

use crate::history::{Act, Action, Answer, Ask, Config, End, History, Missed};

/// The plainest history found, by one change after another.
pub fn shrink(history: History, shows: impl Fn(&History) -> bool) -> History {
    let mut shortest = history;
    while let Some(shorter) = simpler(&shortest).into_iter().find(|history| shows(history)) {
        shortest = shorter;
    }
    shortest
}

/// All histories one change plainer.
fn simpler(history: &History) -> Vec<History> {
    let mut all: Vec<History> = Vec::new();
    for index in (0..history.actions.len()).rev().filter(|_| history.actions.len() > 1) {
        let mut shorter = history.clone();
        shorter.actions.remove(index);
        all.push(shorter);
    }
    for (index, pair) in history.actions.windows(2).enumerate() {
        if let [Action::Advance(one), Action::Advance(other)] = pair {
            let mut shorter = history.clone();
            shorter.actions.splice(index..index + 2, [Action::Advance(one + other)]);
            all.push(shorter);
        }
    }
    let with = |config| History { config, ..history.clone() };
    all.extend(simpler_config(&history.config).into_iter().map(with));
    let plain = Act { length: Some(0), end: End::Ok, heeds: None };
    for (index, act) in history.acts.iter().enumerate() {
        for act in [plain, Act { end: End::Ok, ..*act }, Act { heeds: None, ..*act }] {
            let mut simpler = history.clone();
            simpler.acts[index] = act;
            all.push(simpler);
        }
    }
    let plain = Ask { length: Some(0), answer: Answer::Yes };
    for (index, ask) in history.asks.iter().enumerate() {
        for ask in [plain, Ask { answer: Answer::Yes, ..*ask }] {
            let mut simpler = history.clone();
            simpler.asks[index] = ask;
            all.push(simpler);
        }
    }
    for (acts, asks) in [(history.acts.len() - 1, history.asks.len()), (history.acts.len(), history.asks.len() - 1)] {
        if acts > 0 && asks > 0 {
            let mut simpler = history.clone();
            simpler.acts.truncate(acts);
            simpler.asks.truncate(asks);
            all.push(simpler);
        }
    }
    all.retain(|other| other != history);
    all
}

fn simpler_config(config: &Config) -> Vec<Config> {
    let plain = Config::plain(config.every);
    let of = |change: fn(&mut Config, &Config)| {
        let mut simpler = config.clone();
        change(&mut simpler, &plain);
        simpler
    };
    vec![
        of(|config, plain| config.initial_delay = plain.initial_delay),
        of(|config, plain| config.shifted = plain.shifted),
        of(|config, plain| config.enabled = plain.enabled),
        of(|config, plain| config.on_overlap = plain.on_overlap),
        of(|config, plain| config.max_running = plain.max_running),
        of(|config, _| config.on_missed = Missed::One),
        of(|config, _| {
            if let Missed::Newest(_) = config.on_missed {
                config.on_missed = Missed::All;
            }
        }),
        of(|config, plain| config.start_deadline = plain.start_deadline),
        of(|config, plain| config.timeout = plain.timeout),
        of(|config, plain| config.job_shutdown = plain.job_shutdown),
        of(|config, plain| config.shutdown_timeout = plain.shutdown_timeout),
        of(|config, plain| config.max_attempts = plain.max_attempts),
        of(|config, plain| config.backoff = plain.backoff),
        of(|config, plain| config.hears = plain.hears),
        of(|config, plain| config.guarded = plain.guarded),
    ]
}
