//! Makes a history that shows something shorter and plainer, as long as it still shows it.

use crate::history::{Act, Action, Config, History};

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
    for (index, action) in history.actions.iter().enumerate() {
        let Action::Spawn(when, acts) = action else { continue };
        for acts in simpler_acts(acts) {
            let mut plainer = history.clone();
            plainer.actions[index] = Action::Spawn(*when, acts);
            all.push(plainer);
        }
    }
    all.extend(simpler_config(&history.config).into_iter().map(|config| History { config, ..history.clone() }));
    all.retain(|other| other != history);
    all
}

fn simpler_acts(acts: &[Act]) -> Vec<Vec<Act>> {
    let mut all: Vec<Vec<Act>> = (1..acts.len()).map(|length| acts[..length].to_vec()).collect();
    for index in 0..acts.len() {
        let mut plainer = acts.to_vec();
        plainer[index] = Act::plain();
        all.push(plainer);
    }
    all
}

fn simpler_config(config: &Config) -> Vec<Config> {
    let of = |change: fn(&mut Config)| {
        let mut plainer = config.clone();
        change(&mut plainer);
        plainer
    };
    vec![
        of(|config| config.enabled = true),
        of(|config| config.max_running = None),
        of(|config| config.max_pending = 9),
        of(|config| config.timeout = None),
        of(|config| config.max_attempts = 1),
    ]
}
