//! What can go wrong with the runtime ([`Error`]), and why a run gave no output ([`RunError`]).

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// A result whose error is the runtime's, unless another is named.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// An error of the runtime: a refusal to start, a wrong option, a refused request, or an end in disorder.
///
/// `Debug` prints what `Display` prints, so that `fn main() -> job_runtime::Result` reads well. Ask the
/// predicates what happened; the kinds are private. The text of a refused start lists everything that is wrong,
/// each with `file:line`.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// struct Database;
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions(db: &Database) {}
///
/// # #[tokio::main]
/// # async fn main() {
/// let error = job_runtime::run_all().start().await.unwrap_err();
/// assert!(error.is_configuration());
/// assert!(error.to_string().contains("write `.data(value)` with a value of that type"));
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<ErrorKind>);

enum ErrorKind {
    Configuration(Vec<Mistake>),
    GaveUp {
        /// What gave up, and after how many restarts.
        text: String,
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    Abandoned(Vec<Arc<str>>),
    Unavailable(String),
    Refused(String),
}

/// One thing that is wrong at the start, and where it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mistake {
    pub(crate) place: Option<(&'static str, u32)>,
    pub(crate) text: String,
}

impl Mistake {
    pub(crate) fn at(place: (&'static str, u32), text: String) -> Self {
        Self { place: Some(place), text }
    }

    pub(crate) fn anywhere(text: String) -> Self {
        Self { place: None, text }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((file, line)) => write!(f, "{file}:{line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Error {
    /// Whether the program has to be put right: the start was refused, an option is wrong, a name is unknown or
    /// given twice.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(*self.0, ErrorKind::Configuration(_))
    }

    /// Whether a service, or a group, used up its restarts and so ended the runtime; the text names it. `source()` is
    /// the error that its last run ended with, if it did not end well.
    #[must_use]
    pub fn is_gave_up(&self) -> bool {
        matches!(*self.0, ErrorKind::GaveUp { .. })
    }

    /// Whether runs were dropped, or stuck, when their grace in a shutdown was over; the text names their jobs.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        matches!(*self.0, ErrorKind::Abandoned(_))
    }

    /// Whether it cannot be done now: there is no runtime, it is shutting down, the job was removed, the instance is
    /// started already, or the system gives no thread; the text says which.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, ErrorKind::Refused(_))
    }

    /// Whether the store could not be reached, or did not do what it was asked; the text has what it said. Where it is
    /// about a job that was enqueued, it may have been taken in all the same, unless the error came at once.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(*self.0, ErrorKind::Unavailable(_))
    }

    pub(crate) fn configuration(text: String) -> Self {
        Self::mistakes(vec![Mistake::anywhere(text)])
    }

    pub(crate) fn mistakes(mistakes: Vec<Mistake>) -> Self {
        Self(Arc::new(ErrorKind::Configuration(mistakes)))
    }

    /// `kind` is what gave up, a `service` or a `group`, and `budget` how many restarts it had, as in `3 in 5s`.
    pub(crate) fn gave_up(
        kind: &str,
        name: &str,
        budget: &dyn fmt::Display,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let text = format!("{kind} `{name}` used up its restarts ({budget})");
        Self(Arc::new(ErrorKind::GaveUp { text, source }))
    }

    pub(crate) fn abandoned(names: Vec<Arc<str>>) -> Self {
        Self(Arc::new(ErrorKind::Abandoned(names)))
    }

    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "said of a store"))]
    pub(crate) fn unavailable(text: String) -> Self {
        Self(Arc::new(ErrorKind::Unavailable(text)))
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self(Arc::new(ErrorKind::Refused(text.into())))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Configuration(mistakes) => list(f, mistakes),
            ErrorKind::GaveUp { text, source: Some(source) } => write!(f, "{text}; its last error: {source}"),
            ErrorKind::Abandoned(names) => {
                write!(f, "shut down without waiting for {}", counted(names))
            }
            ErrorKind::GaveUp { text, source: None } | ErrorKind::Unavailable(text) | ErrorKind::Refused(text) => {
                f.write_str(text)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, mistakes: &[Mistake]) -> fmt::Result {
    if let [only] = mistakes {
        return write!(f, "{only}");
    }
    write!(f, "{} mistakes, nothing was started:", mistakes.len())?;
    for mistake in mistakes {
        write!(f, "\n  - {mistake}")?;
    }
    Ok(())
}

/// `` `a`, `b` (3 runs) ``: each name once, with how often it stands there.
fn counted(names: &[Arc<str>]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counts.iter_mut().find(|(known, _)| **known == **name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let texts: Vec<String> = counts
        .into_iter()
        .map(|(name, count)| if count == 1 { format!("`{name}`") } else { format!("`{name}` ({count} runs)") })
        .collect();
    texts.join(", ")
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            ErrorKind::GaveUp { source: Some(source), .. } => Some(source.as_ref()),
            ErrorKind::GaveUp { source: None, .. }
            | ErrorKind::Configuration(_)
            | ErrorKind::Abandoned(_)
            | ErrorKind::Unavailable(_)
            | ErrorKind::Refused(_) => None,
        }
    }
}

/// Why a run gave no output. `E` is the error of the function.
///
/// `Display` tells the reason, the text of the job's own error included. `source()` is `None`:
/// [`error`](Self::error) gives that error.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// #[periodic(every = "1h")]
/// async fn import() -> Result<u32, String> {
///     Err("no such file".to_owned())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// # let runtime = job_runtime::run_all().start().await?;
/// match import::trigger().await?.await {
///     Ok(lines) => println!("{lines} lines"),
///     Err(error) if error.is_failed() => assert_eq!(error.error().unwrap(), "no such file"),
///     Err(error) => println!("it did not come to its end: {error}"),
/// }
/// # runtime.shutdown().await
/// # }
/// ```
pub struct RunError<E>(RunErrorKind<E>);

enum RunErrorKind<E> {
    Failed(E),
    Panicked(Arc<str>),
    TimedOut,
    Cancelled(Arc<str>),
    Interrupted,
    Refused(Arc<str>),
}

impl<E> RunError<E> {
    /// Whether the job returned `Err` in its last attempt.
    pub fn is_failed(&self) -> bool {
        matches!(self.0, RunErrorKind::Failed(_))
    }

    /// What that `Err` held; `None` when it was something else.
    pub fn error(&self) -> Option<&E> {
        if let RunErrorKind::Failed(error) = &self.0 { Some(error) } else { None }
    }

    /// What that `Err` held, by value.
    pub fn into_error(self) -> Option<E> {
        if let RunErrorKind::Failed(error) = self.0 { Some(error) } else { None }
    }

    /// Whether the job panicked; the text has the message and `file:line`.
    pub fn is_panicked(&self) -> bool {
        matches!(self.0, RunErrorKind::Panicked(_))
    }

    /// Whether its last attempt took longer than its `timeout`.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.0, RunErrorKind::TimedOut)
    }

    /// Whether the run was cancelled, before its start or later; the text has the reason.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, RunErrorKind::Cancelled(_))
    }

    /// Whether shutdown ended the run, or kept it from starting; or its runtime was dropped.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0, RunErrorKind::Interrupted)
    }

    /// Whether the run was not accepted: by its guard, its overlap policy or `max_pending`, or because there is no
    /// runtime or it is shutting down; the text has the reason.
    pub fn is_refused(&self) -> bool {
        matches!(self.0, RunErrorKind::Refused(_))
    }

    pub(crate) fn failed(error: E) -> Self {
        Self(RunErrorKind::Failed(error))
    }

    pub(crate) fn panicked(text: Arc<str>) -> Self {
        Self(RunErrorKind::Panicked(text))
    }

    pub(crate) fn timed_out() -> Self {
        Self(RunErrorKind::TimedOut)
    }

    pub(crate) fn cancelled(reason: Arc<str>) -> Self {
        Self(RunErrorKind::Cancelled(reason))
    }

    pub(crate) fn interrupted() -> Self {
        Self(RunErrorKind::Interrupted)
    }

    pub(crate) fn refused(reason: Arc<str>) -> Self {
        Self(RunErrorKind::Refused(reason))
    }

    fn describe(
        &self,
        f: &mut fmt::Formatter<'_>,
        error: impl Fn(&E, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match &self.0 {
            RunErrorKind::Failed(failure) => {
                f.write_str("the job failed: ")?;
                error(failure, f)
            }
            RunErrorKind::Panicked(text) => write!(f, "the job panicked: {text}"),
            RunErrorKind::TimedOut => f.write_str("the job took longer than its timeout"),
            RunErrorKind::Cancelled(reason) => write!(f, "the job was cancelled: {reason}"),
            RunErrorKind::Interrupted => f.write_str("the job was interrupted by shutdown"),
            RunErrorKind::Refused(reason) => write!(f, "the job was refused: {reason}"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, fmt::Display::fmt)
    }
}

impl<E: fmt::Debug> fmt::Debug for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunError(")?;
        self.describe(f, fmt::Debug::fmt)?;
        f.write_str(")")
    }
}

impl<E: fmt::Debug + fmt::Display> StdError for RunError<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gave_up_is_told_with_its_last_error() {
        let error = Error::gave_up("service", "consume", &"3 in 5s", Some("the bus is gone".into()));
        assert!(error.is_gave_up() && !error.is_configuration() && !error.is_abandoned() && !error.is_refused());
        let told = "service `consume` used up its restarts (3 in 5s); its last error: the bus is gone";
        assert_eq!(error.clone().to_string(), told);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the bus is gone"));
        let ended_well = Error::gave_up("group", "DATABASE", &"0 in 1s", None);
        assert_eq!(ended_well.to_string(), "group `DATABASE` used up its restarts (0 in 1s)");
        assert!(ended_well.source().is_none());
    }
}
