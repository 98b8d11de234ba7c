//! What the expansion of an attribute registers: a function with what stands at it and in its signature, or a group.

use std::any::{Any, TypeId};
use std::hash::Hash;
use std::time::Duration;

use crate::duration::Setting;
use crate::job::{
    Arguments, Body, BoxFuture, Context, Group, Guard, Input, Maker, Message, Need, Place, Report, Stateful, Wire,
};
use crate::outcome::Kind;
use crate::schedule::Timetable;

/// An annotated function, as the expansion of its attribute registers it.
pub struct Registration {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    pub(super) companion: fn() -> TypeId,
    pub(super) define: fn(Definition) -> Definition,
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
    pub(super) settings: Vec<(&'static str, Setting<'static>)>,
    pub(super) schedule: Option<fn() -> Timetable>,
    pub(super) guard: Option<Guard>,
    pub(super) needs: Vec<Need>,
    pub(super) state: Option<Stateful>,
    pub(super) arguments: Option<Arguments>,
    pub(super) message: Option<Message>,
    pub(super) wire: Option<Wire>,
    pub(super) body: Option<Body>,
}

impl Definition {
    pub(super) fn new() -> Self {
        Self {
            settings: Vec::new(),
            schedule: None,
            guard: None,
            needs: Vec::new(),
            state: None,
            arguments: None,
            message: None,
            wire: None,
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
    pub fn message<A: Send + 'static>(mut self, copy: Option<fn(&A) -> A>) -> Self {
        self.message = Some(Message::of(copy));
        self
    }

    /// How the parameters by value of a job that waits in a store are read there.
    #[must_use]
    pub fn wire(mut self, read: fn(&str) -> Result<Box<dyn Any + Send>, String>) -> Self {
        self.wire = Some(Wire::new(read));
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
