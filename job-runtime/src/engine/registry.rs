//! Finds the jobs of the linked program, and checks them all before any is started.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::duration::Setting;
use crate::error::{Error, Mistake, Result};
use crate::job::{
    Arguments, Body, BoxFuture, Context, Group, Guard, Home, Input, Job, JobConfig, Maker, Need, Options, Place, Report,
    Stateful,
};
use crate::name::{hint, in_environment};
use crate::outcome::Kind;
use crate::panics::held;
use crate::schedule::Timetable;

/// An annotated function, as the expansion of its attribute registers it.
pub struct Registration {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    companion: fn() -> TypeId,
    define: fn(Definition) -> Definition,
}

inventory::collect!(Registration);

/// A group, as the expansion of `group!` registers it.
pub struct GroupRegistration(pub &'static Group);

inventory::collect!(GroupRegistration);

impl Registration {
    /// Called by the expansion of `#[periodic]`.
    #[must_use]
    pub const fn periodic(place: Place, companion: fn() -> TypeId, define: fn(Definition) -> Definition) -> Self {
        Self { kind: Kind::Periodic, place, companion, define }
    }

    /// Called by the expansion of `#[job]`.
    #[must_use]
    pub const fn job(place: Place, companion: fn() -> TypeId, define: fn(Definition) -> Definition) -> Self {
        Self { kind: Kind::Job, place, companion, define }
    }

    /// Called by the expansion of `#[service]`.
    #[must_use]
    pub const fn service(place: Place, companion: fn() -> TypeId, define: fn(Definition) -> Definition) -> Self {
        Self { kind: Kind::Service, place, companion, define }
    }
}

/// What stands at an attribute and in the signature below it.
pub struct Definition {
    settings: Vec<(&'static str, Setting<'static>)>,
    schedule: Option<fn() -> Timetable>,
    guard: Option<Guard>,
    needs: Vec<Need>,
    state: Option<Stateful>,
    arguments: Option<Arguments>,
    body: Option<Body>,
}

impl Definition {
    fn new() -> Self {
        Self {
            settings: Vec::new(),
            schedule: None,
            guard: None,
            needs: Vec::new(),
            state: None,
            arguments: None,
            body: None,
        }
    }

    /// An option given as text.
    #[must_use]
    pub fn text(self, option: &'static str, value: &'static str) -> Self {
        self.setting(option, Setting::Text(value))
    }

    /// An option given as a duration.
    #[must_use]
    pub fn duration(self, option: &'static str, value: Duration) -> Self {
        self.setting(option, Setting::Duration(value))
    }

    /// An option given as a count.
    #[must_use]
    pub fn number(self, option: &'static str, value: u32) -> Self {
        self.setting(option, Setting::Number(value))
    }

    /// An option given as a flag.
    #[must_use]
    pub fn flag(self, option: &'static str, value: bool) -> Self {
        self.setting(option, Setting::Flag(value))
    }

    fn setting(mut self, option: &'static str, value: Setting<'static>) -> Self {
        self.settings.push((option, value));
        self
    }

    /// A schedule of the user's own.
    #[must_use]
    pub fn schedule(mut self, make: fn() -> Timetable) -> Self {
        self.schedule = Some(make);
        self
    }

    /// The guard.
    #[must_use]
    pub fn guard(mut self, guard: fn(Context) -> BoxFuture<bool>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// A parameter `&T`.
    #[must_use]
    pub fn needs<T: ?Sized + Send + Sync + 'static>(mut self) -> Self {
        self.needs.push(Need::of::<T>());
        self
    }

    /// The parameter `&mut S`, and how a first one is made where the type knows.
    #[must_use]
    pub fn state<S: Send + 'static>(mut self, default: Option<fn() -> S>) -> Self {
        let default = default.map(|make| -> Maker {
            Box::new(move || {
                let state: Box<dyn Any + Send> = Box::new(make());
                state
            })
        });
        self.state = Some(Stateful { type_id: TypeId::of::<S>(), type_name: std::any::type_name::<S>(), default });
        self
    }

    /// The parameters by value, which make the job a template.
    #[must_use]
    pub fn args<A: Clone + Eq + Hash + Send + Sync + 'static>(mut self) -> Self {
        self.arguments = Some(Arguments::of::<A>());
        self
    }

    /// The parameters by value of a job on demand, and how they are copied where that can be done.
    #[must_use]
    pub fn message<A: Send + 'static>(self, _copy: Option<fn(&A) -> A>) -> Self {
        self
    }

    /// The body of an async function.
    #[must_use]
    pub fn run(mut self, run: fn(Input) -> BoxFuture<Report>) -> Self {
        self.body = Some(Body::Async(Box::new(run)));
        self
    }

    /// The body of a plain function.
    #[must_use]
    pub fn run_blocking(mut self, run: fn(Input) -> Report) -> Self {
        self.body = Some(Body::Blocking(run));
        self
    }
}

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
        let mut options = Options::default();
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

    /// The job, in its runtime.
    pub(crate) fn into_job(self, home: &Arc<Home>) -> Option<Arc<Job>> {
        let name: Arc<str> = self.name().into();
        let Self { place, kind, options, given, definition, .. } = self;
        let Definition { guard, needs, state, arguments, body, .. } = definition;
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
            home: Arc::clone(home),
            entry: OnceLock::new(),
        }))
    }
}

/// Everything linked, in the order of names, and everything that is wrong with it.
pub(crate) struct Inventory {
    pub(crate) found: Vec<Found>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Inventory {
    /// The annotated functions of the linked program.
    pub(crate) fn collect() -> Self {
        let mut mistakes = Vec::new();
        let found: Vec<Found> = inventory::iter::<Registration>
            .into_iter()
            .map(|registration| Found::new(registration, &mut mistakes))
            .collect();
        let mut inventory = Self { found, mistakes };
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
        self.found.retain(|found| names.iter().any(|name| found.answers_to(name)));
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
        let text = if AT_THE_ATTRIBUTE.contains(&&*option) {
            format!("the environment has `{variable}`, but `{option}` can only stand at the attribute")
        } else {
            let hint = hint(&option, Options::NAMES);
            format!("the environment has `{variable}`, but `{option}` is not an option of a job{hint}")
        };
        self.mistakes.push(at(found.place, &text));
    }

    /// Duplicate names and contradicting options.
    pub(crate) fn check(&mut self) {
        for found in &self.found {
            for conflict in found.options.conflicts(found.definition.state.is_some(), &found.given) {
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

/// Options that are code, and that no text can change.
const AT_THE_ATTRIBUTE: [&str; 4] = ["schedule", "when", "companion", "crate"];

/// Option and job of a variable: the longest option name at its end, before it the name of a job.
fn split_variable<'a>(names: &[String], rest: &'a str) -> Option<(&'static str, &'a str)> {
    let mut fitting: Vec<(&'static str, &str)> = Options::NAMES
        .into_iter()
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
