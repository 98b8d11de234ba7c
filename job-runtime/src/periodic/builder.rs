//! A recurring job without the attribute: [`Periodic`].

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::error::{Error, Result};
use crate::job::{
    Body, BoxFuture, Context, Home, Input, Job, JobConfig, Need, Options, Place, Report, Return, Shared, Signature,
    State,
};
use crate::name::is_name;
use crate::outcome::Kind;
use crate::schedule::{Recurrence, Timetable};

/// A recurring job made at run time, for [`Runtime::add`](crate::Runtime::add): one whose schedule is known only then,
/// or that comes and goes. It has no guard and no state; its shared data comes from
/// [`Context::data`](crate::Context::data).
///
/// ```standalone_crate
/// use job_runtime::{Context, Periodic, Schedule};
/// # #[job_runtime::periodic(every = "1h")]
/// # async fn linked() {}
///
/// struct Database(&'static str);
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// let runtime = job_runtime::run_all().data(Database("users.db")).start().await?;
/// let job = Periodic::new("poll-42", Schedule::every("30s")?, |cx: Context| async move {
///     let db = cx.data::<Database>().ok_or("no database")?;
///     println!("{} asks {}", cx.name(), db.0);
///     Ok::<(), &str>(())
/// });
/// runtime.add(job.configure(|job| job.on_overlap("ignore")?.timeout("10s"))?)?;
/// # runtime.trigger("poll-42").await?;
/// # runtime.shutdown().await
/// # }
/// ```
pub struct Periodic {
    name: Arc<str>,
    timetable: Timetable,
    options: Option<Options>,
    body: Body,
}

static PLACE: Place = Place::new("", "", "(added at run time)", 0);

impl Periodic {
    /// A job of that name, which runs `run` whenever `schedule` says so, with the defaults of all options.
    ///
    /// `run` returns `()` or `Result<T, E>`, as an annotated function does; the context it is given is a cheap
    /// clone. A name that is empty, or taken, is refused by [`Runtime::add`](crate::Runtime::add).
    pub fn new<F, Fut>(name: impl Into<String>, schedule: impl Recurrence, run: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Return> + Send + 'static,
    {
        let body = move |input: Input| -> BoxFuture<Report> {
            let context = input.context();
            let output = run(context.clone());
            Box::pin(async move { Shared::of(context).end(output.await, State::<()>::none()) })
        };
        Self {
            name: name.into().into(),
            timetable: Timetable::of(schedule),
            options: None,
            body: Body::Async(Box::new(body)),
        }
    }

    /// Changes its options, beginning with those of a call before; the schedule is the one it was made with, unless
    /// `every` or `cron` is set.
    ///
    /// # Errors
    /// When a setter was given something that is not a value of its option. Options that contradict each other are
    /// refused by [`Runtime::add`](crate::Runtime::add).
    pub fn configure(mut self, change: impl FnOnce(JobConfig) -> Result<JobConfig>) -> Result<Self> {
        let options = self.options.take().unwrap_or_else(|| Options::of(Kind::Periodic));
        self.options = Some(change(JobConfig::over(&options))?.options);
        Ok(self)
    }

    /// The job in its runtime, or what its options say against each other.
    pub(crate) fn into_job(self, home: &Arc<Home>) -> Result<Arc<Job>> {
        let Self { mut name, mut timetable, options, body } = self;
        if let Some(options) = &options {
            if let Some(conflict) = options
                .conflicts(Signature {
                    stateful: false,
                    once: false,
                    template: false,
                    queued: false,
                    given: &timetable,
                })
                .first()
            {
                return Err(refused(&name, conflict));
            }
            timetable = options.timetable(timetable);
            if let Some(other) = &options.name {
                name = other.as_str().into();
            }
        }
        if !is_name(&name) {
            return Err(Error::configuration(format!(
                "job {name:?}: a name is not empty, and has no control characters, no commas, and no white space at its ends"
            )));
        }
        Ok(Arc::new(Job {
            name,
            kind: Kind::Periodic,
            place: &PLACE,
            timetable,
            options: options.map_or_else(|| Arc::clone(&USUAL.options), Arc::new),
            body,
            guard: None,
            needs: Arc::clone(&USUAL.needs),
            state: None,
            arguments: None,
            message: None,
            wire: None,
            home: Arc::clone(home),
            entry: OnceLock::new(),
        }))
    }
}

fn refused(name: &str, sentence: &str) -> Error {
    Error::configuration(format!("job `{name}`: {sentence}"))
}

/// What most added jobs have in common, shared between them.
struct Usual {
    options: Arc<Options>,
    needs: Arc<[Need]>,
}

static USUAL: LazyLock<Usual> =
    LazyLock::new(|| Usual { options: Arc::new(Options::of(Kind::Periodic)), needs: [Need::of::<Context>()].into() });

impl fmt::Debug for Periodic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Periodic").field("name", &self.name).finish_non_exhaustive()
    }
}
