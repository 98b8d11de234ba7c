//! Finds the jobs of the linked program, and checks them all before any is started.

mod definition;
mod grouping;
mod notice;

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::duration::Setting;
use crate::error::{Error, Mistake, Result};
use crate::job::{Group, Home, Job, JobConfig, Options, Place, Signature};
use crate::name::{hint, in_environment};
use crate::outcome::Kind;
use crate::panics::held;
use crate::schedule::Timetable;

pub use definition::{Definition, GroupRegistration, Registration};
pub(crate) use grouping::Grouping;

/// A change of a job's options at the start, by `configure`.
pub(crate) struct Change {
    pub(crate) job: String,
    pub(crate) change: Box<dyn FnOnce(JobConfig) -> Result<JobConfig> + Send>,
}

/// A job that is found, with its options as they are in force, but not yet with the data of a runtime.
pub(crate) struct Found {
    pub(crate) place: &'static Place,
    pub(crate) kind: Kind,
    pub(crate) companion: Option<TypeId>,
    pub(crate) options: Options,
    /// The schedule of the attribute, where it is neither `every` nor `cron`.
    given: Timetable,
    definition: Definition,
}

impl Found {
    fn new(registration: &'static Registration, mistakes: &mut Vec<Mistake>) -> Self {
        let definition = (registration.define)(Definition::new());
        let mut options = Options::of(registration.kind);
        for (option, value) in &definition.settings {
            if let Err(error) = options.set(option, *value) {
                mistakes.push(at(&registration.place, &error.to_string()));
            }
        }
        let given = definition.schedule.map(held);
        if let Some(None) = given {
            mistakes.push(at(&registration.place, "the expression of `schedule` panicked"));
        }
        Self {
            place: &registration.place,
            kind: registration.kind,
            companion: Some((registration.companion)()),
            options,
            given: given.flatten().unwrap_or(Timetable::Every(Duration::MAX)),
            definition,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.options.name.as_deref().unwrap_or(self.place.name)
    }

    /// Its name with the module it stands in, which is unique where names are not.
    fn path(&self) -> String {
        format!("{}::{}", self.place.module, self.place.name)
    }

    /// Whether a name means this job: its own, or its path, also from `crate`.
    fn answers_to(&self, name: &str) -> bool {
        name == self.name() || name == self.path() || {
            let within = name.strip_prefix("crate::");
            within.is_some() && self.path().split_once("::").map(|(_, rest)| rest) == within
        }
    }

    /// What its options say against each other, and against its signature.
    fn conflicts(&self) -> Vec<String> {
        let message = self.definition.message.as_ref();
        self.options.conflicts(Signature {
            stateful: self.definition.state.is_some(),
            once: message.is_some_and(|message| !message.is_copied()),
            template: self.definition.arguments.is_some(),
            queued: self.definition.wire.is_some(),
            given: &self.given,
        })
    }

    /// The job, in its runtime.
    pub(crate) fn into_job(self, home: &Arc<Home>) -> Option<Arc<Job>> {
        let name: Arc<str> = self.name().into();
        let Self { place, kind, options, given, definition, .. } = self;
        let Definition { guard, needs, state, arguments, message, wire, body, .. } = definition;
        Some(Arc::new(Job {
            name,
            kind,
            place,
            timetable: options.timetable(given),
            options: Arc::new(options),
            body: body?,
            guard,
            needs: needs.into(),
            state: state.map(Box::new),
            arguments,
            message,
            wire,
            home: Arc::clone(home),
            entry: OnceLock::new(),
        }))
    }
}

/// Everything linked, in the order of names, and everything that is wrong with it.
pub(crate) struct Inventory {
    pub(crate) found: Vec<Found>,
    pub(crate) mistakes: Vec<Mistake>,
    /// The groups with the members that are there; known when everything is [checked](Self::check).
    pub(crate) groupings: Vec<Grouping>,
    /// What is allowed, but perhaps not meant; known when everything is checked.
    pub(crate) notices: Vec<String>,
    groups: Vec<&'static Group>,
    /// The jobs that `.only` does not name.
    left_out: HashSet<TypeId>,
}

impl Inventory {
    /// The annotated functions of the linked program.
    pub(crate) fn collect() -> Self {
        let groups = inventory::iter::<GroupRegistration>.into_iter().map(|registration| registration.0).collect();
        Self::of(inventory::iter::<Registration>, groups)
    }

    fn of(registrations: impl IntoIterator<Item = &'static Registration>, groups: Vec<&'static Group>) -> Self {
        let mut mistakes = Vec::new();
        let found: Vec<Found> =
            registrations.into_iter().map(|registration| Found::new(registration, &mut mistakes)).collect();
        let (groupings, notices, left_out) = Default::default();
        let mut inventory = Self { found, mistakes, groupings, notices, groups, left_out };
        inventory.sort();
        if inventory.found.is_empty() {
            inventory.mistakes.push(Mistake::anywhere(NO_JOBS.to_owned()));
        }
        inventory
    }

    fn sort(&mut self) {
        let key = |found: &Found| (found.name().to_owned(), found.place.file, found.place.line);
        self.found.sort_by_key(key);
    }

    /// Keeps only the named jobs; the others are neither checked nor started nor listed.
    pub(crate) fn only(&mut self, names: &[String]) {
        for name in names {
            if !self.found.iter().any(|found| found.answers_to(name)) {
                self.mistakes
                    .push(Mistake::anywhere(format!("`.only` names `{name}`, which is not a job{}", self.hint(name))));
            }
        }
        let (found, left_out): (Vec<Found>, Vec<Found>) = std::mem::take(&mut self.found)
            .into_iter()
            .partition(|found| names.iter().any(|name| found.answers_to(name)));
        self.found = found;
        self.left_out = left_out.iter().filter_map(|found| found.companion).collect();
        let left: Vec<(&str, u32)> = self.found.iter().map(|found| (found.place.file, found.place.line)).collect();
        self.mistakes.retain(|mistake| mistake.place.is_none_or(|place| left.contains(&place)));
    }

    /// Makes the changes of `configure`.
    pub(crate) fn configure(&mut self, changes: Vec<Change>) {
        for Change { job, change } in changes {
            let mut meant: Vec<&mut Found> = self.found.iter_mut().filter(|found| found.answers_to(&job)).collect();
            match meant.as_mut_slice() {
                [] => {
                    let hint = self.hint(&job);
                    self.mistakes
                        .push(Mistake::anywhere(format!("`.configure` names `{job}`, which is not a job{hint}")));
                }
                [found] => match change(JobConfig::over(&found.options)) {
                    Ok(config) => found.options = config.options,
                    Err(error) => {
                        let mistake = at(found.place, &format!("`.configure`: {error}"));
                        self.mistakes.push(mistake);
                    }
                },
                several => {
                    let text =
                        format!("`.configure` names `{job}`, which could be {}: write the path", either(several));
                    self.mistakes.push(Mistake::anywhere(text));
                }
            }
        }
    }

    /// Applies the `JOB_<NAME>_<OPTION>` variables, and `JOBS_DISABLE` last, so that it holds.
    ///
    /// Variables go by the names that the jobs have before any of them is read, in whatever order they come.
    pub(crate) fn read_environment(&mut self, variables: &BTreeMap<String, String>) {
        let before: Vec<String> = self.found.iter().map(|found| found.name().to_owned()).collect();
        let names: Vec<String> = before.iter().map(|name| in_environment(name)).collect();
        self.found.iter_mut().for_each(|found| found.options.next_source());
        for (variable, value) in variables {
            if let Some(rest) = variable.strip_prefix("JOB_") {
                self.read_variable(&names, variable, rest, value);
            }
        }
        if let Some(value) = variables.get("JOBS_DISABLE") {
            self.disable(value, &before);
        }
    }

    fn disable(&mut self, value: &str, before: &[String]) {
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let mut known = name == "all";
            for (found, before) in self.found.iter_mut().zip(before) {
                if name == "all" || name == before || (name.contains("::") && found.answers_to(name)) {
                    found.options.enabled = false;
                    known = true;
                }
            }
            if !known {
                let hint = Some(self.hint(name)).filter(|hint| !hint.is_empty()).unwrap_or_else(|| hint(name, ["all"]));
                self.mistakes
                    .push(Mistake::anywhere(format!("`JOBS_DISABLE` names `{name}`, which is not a job{hint}")));
            }
        }
    }

    /// One variable; one that fits no job is somebody else's.
    fn read_variable(&mut self, names: &[String], variable: &str, rest: &str, value: &str) {
        let Some((option, name)) = split_variable(names, rest) else {
            return self.check_stranger(names, variable, rest);
        };
        let mut meant: Vec<&mut Found> =
            self.found.iter_mut().zip(names).filter(|(_, other)| *other == name).map(|(found, _)| found).collect();
        // Two of one name are a mistake of their own.
        if meant.windows(2).any(|pair| matches!(pair, [first, second] if first.name() != second.name())) {
            let text = format!(
                "the environment has `{variable}`, which could be for {}: give one of them another name",
                either(&meant)
            );
            self.mistakes.push(Mistake::anywhere(text));
            return;
        }
        for found in &mut meant {
            if let Err(error) = found.options.set(option, Setting::Text(value)) {
                self.mistakes.push(at(found.place, &format!("the environment has `{variable}`: {error}")));
            }
        }
    }

    /// A variable that begins with the name of a job, but ends in no option, was meant for us and is wrong.
    fn check_stranger(&mut self, names: &[String], variable: &str, rest: &str) {
        let after = |name: &str| rest.strip_prefix(name)?.strip_prefix('_').map(str::to_ascii_lowercase);
        let meant = self.found.iter().zip(names).filter_map(|(found, name)| Some((found, after(name)?)));
        let Some((found, option)) = meant.max_by_key(|(found, _)| found.name().len()) else { return };
        let text = if is_code(&option, found.kind) {
            format!("the environment has `{variable}`, but `{option}` can only stand at the attribute")
        } else {
            let hint = hint(&option, Options::names(found.kind));
            format!("the environment has `{variable}`, but `{option}` is not an option of a job{hint}")
        };
        self.mistakes.push(at(found.place, &text));
    }

    /// Duplicate names, contradicting options, and groups.
    pub(crate) fn check(&mut self) {
        for found in &self.found {
            for conflict in found.conflicts() {
                self.mistakes.push(at(found.place, &format!("job `{}`: {conflict}", found.name())));
            }
        }
        // Names may have been changed since they were collected.
        self.sort();
        for pair in self.found.windows(2) {
            let [first, second] = pair else { continue };
            if first.name() == second.name() {
                let text = format!(
                    "job `{}` has the name of the one at {}:{}: give one of them another with `name = \"…\"`",
                    second.name(),
                    first.place.file,
                    first.place.line
                );
                self.mistakes.push(at(second.place, &text));
            }
        }
        self.group();
        self.notices = notice::separate_states(&self.found);
    }

    pub(crate) fn hint(&self, name: &str) -> String {
        if name.contains("::") {
            let full = self.found.iter().map(Found::path);
            let within = full.clone().filter_map(|path| Some(format!("crate::{}", path.split_once("::")?.1)));
            let paths: Vec<String> = full.chain(within).collect();
            let whole = paths.iter().find(|path| path.ends_with(&format!("::{name}")));
            let near = whole.map(|path| format!("; did you mean `{path}`?"));
            return near.unwrap_or_else(|| hint(name, paths.iter().map(String::as_str)));
        }
        hint(name, self.found.iter().map(Found::name))
    }
}

/// The paths of jobs of which one is meant.
fn either(jobs: &[&mut Found]) -> String {
    let paths: Vec<String> = jobs.iter().map(|found| format!("`{}`", found.path())).collect();
    paths.join(" or ")
}

/// Whether an option of this kind is code, which no text can change.
fn is_code(option: &str, kind: Kind) -> bool {
    match option {
        "companion" | "crate" => true,
        "schedule" | "when" => kind == Kind::Periodic,
        _ => false,
    }
}

/// Option and job of a variable: the longest option name at its end, before it the name of a job.
fn split_variable<'a>(names: &[String], rest: &'a str) -> Option<(&'static str, &'a str)> {
    let mut fitting: Vec<(&'static str, &str)> = Options::all_names()
        .filter_map(|option| Some((option, rest.strip_suffix(&option.to_ascii_uppercase())?.strip_suffix('_')?)))
        .filter(|(_, name)| names.iter().any(|other| other == name))
        .collect();
    fitting.sort_by_key(|(option, _)| option.len());
    fitting.pop()
}

/// An error that lists all mistakes in the order of their places, if there are any.
pub(crate) fn refuse(mut mistakes: Vec<Mistake>) -> Result<()> {
    mistakes.sort();
    mistakes.dedup();
    if mistakes.is_empty() { Ok(()) } else { Err(Error::mistakes(mistakes)) }
}

const NO_JOBS: &str = "no jobs: no annotated function is linked into this program; where the jobs stand in a library \
                       of their own, write `use my_jobs as _;` so that it is linked";

fn at(place: &Place, text: &str) -> Mistake {
    Mistake::at((place.file, place.line), text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::job::{Data, Makers, companion};

    struct Once;

    static JOBS: [Registration; 3] = [
        Registration::job(Place::new("send_mail", "app", "src/mail.rs", 3), companion::<u8>, |definition| {
            definition.message::<(String,)>(Some(Clone::clone)).run_blocking(|_| unreachable!("it is not run"))
        }),
        Registration::job(Place::new("take_once", "app", "src/once.rs", 5), companion::<u16>, |definition| {
            definition.message::<(Once,)>(None)
        }),
        Registration::service(Place::new("consume", "app", "src/bus.rs", 7), companion::<u32>, |definition| definition),
    ];

    fn inventory() -> Inventory {
        Inventory::of(&JOBS, Vec::new())
    }

    fn with_environment<const N: usize>(variables: [(&str, &str); N]) -> Inventory {
        let mut inventory = inventory();
        let owned = variables.map(|(variable, value)| (variable.to_owned(), value.to_owned()));
        inventory.read_environment(&BTreeMap::from(owned));
        inventory.check();
        inventory
    }

    #[track_caller]
    fn refused<const N: usize>(inventory: &Inventory, told: [&str; N]) {
        let mistakes: Vec<String> = inventory.mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(mistakes, told);
    }

    #[test]
    fn the_environment_sets_the_options_of_each_kind() {
        let inventory = with_environment([
            ("JOB_SEND_MAIL_MAX_PENDING", "5"),
            ("JOB_CONSUME_RESTART", "transient"),
            ("JOB_CONSUME_MAX_RESTARTS", "0"),
            ("JOB_CONSUME_MAX_SECONDS", "60"),
        ]);
        refused(&inventory, []);
        let told: Vec<Vec<String>> = inventory.found.iter().map(|found| found.options.policies(false, None)).collect();
        assert_eq!(told, [vec!["restart transient", "max_restarts 0 in 1m"], vec!["max_pending 5"], vec![]]);
    }

    #[test]
    fn an_option_of_another_kind_is_refused_at_the_job() {
        refused(
            &with_environment([("JOB_SEND_MAIL_RESTART", "transient"), ("JOB_CONSUME_EVRY", "5m")]),
            [
                "src/bus.rs:7: the environment has `JOB_CONSUME_EVRY`, but `evry` is not an option of a job",
                "src/mail.rs:3: the environment has `JOB_SEND_MAIL_RESTART`: `restart`: goes with `#[service]`, and \
                 this is a job on demand, which runs when it is spawned: leave it out",
            ],
        );
        refused(
            &with_environment([("JOB_CONSUME_WHEN", "idle"), ("JOB_CONSUME_COMPANION", "Other")]),
            [
                "src/bus.rs:7: the environment has `JOB_CONSUME_COMPANION`, but `companion` can only stand at the \
                 attribute",
                "src/bus.rs:7: the environment has `JOB_CONSUME_WHEN`, but `when` is not an option of a job",
            ],
        );
    }

    #[test]
    fn what_cannot_be_copied_has_one_attempt() {
        let variables = [("JOB_SEND_MAIL_MAX_ATTEMPTS", "2"), ("JOB_TAKE_ONCE_MAX_ATTEMPTS", "2")];
        refused(
            &with_environment(variables),
            ["src/once.rs:5: job `take_once`: its arguments are not `Clone`, so that it has one attempt: leave \
              `max_attempts` out"],
        );
    }

    #[test]
    fn a_job_knows_how_its_arguments_are_copied() {
        let home = Arc::new(Home::new(Clock::real(), Data::default(), Makers::default()));
        let found = inventory().found.into_iter().find(|found| found.name() == "send_mail").expect("it is linked");
        let job = found.into_job(&home).expect("it has a body");
        assert!(job.message.as_ref().is_some_and(|message| message.copy(&("text".to_owned(),)).is_some()));
    }
}
