//! Jobs that are supervised together: [`Group`].

use std::any::TypeId;
use std::fmt;
use std::time::Duration;

use super::Place;
use crate::duration::Setting;
use crate::error::Result;
use crate::policy::restart::{Budget, Strategy};

/// Jobs that are supervised together; declared by [`group!`](crate::group), which makes a `static` of it.
///
/// ```standalone_crate
/// use job_runtime::{group, periodic, service};
///
/// #[service]
/// async fn keep_pool() {}
///
/// #[periodic(every = "1h")]
/// async fn purge_sessions() {}
///
/// group!(DATABASE = [keep_pool, purge_sessions], strategy = "rest_for_one");
///
/// assert_eq!(DATABASE.name(), "DATABASE");
/// ```
pub struct Group {
    pub(crate) place: Place,
    pub(crate) members: &'static [Member],
    strategy: &'static str,
    max_restarts: u32,
    max_seconds: u32,
}

/// A job, as its group names it.
pub struct Member {
    pub(crate) companion: fn() -> TypeId,
    /// As it is written.
    pub(crate) written: &'static str,
}

impl Member {
    /// The job of a companion type.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(companion: fn() -> TypeId, written: &'static str) -> Self {
        Self { companion, written }
    }
}

impl Group {
    /// Called by the expansion of `group!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        place: Place,
        members: &'static [Member],
        strategy: &'static str,
        max_restarts: u32,
        max_seconds: u32,
    ) -> Self {
        Self { place, members, strategy, max_restarts, max_seconds }
    }

    /// The name it was declared with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.place.name
    }

    /// Which members are restarted together.
    ///
    /// # Errors
    /// When the word is no strategy, which the macro rules out; the text says what is.
    pub(crate) fn strategy(&self) -> Result<Strategy> {
        Setting::Text(self.strategy).word(Strategy::WORDS, Strategy::parse)
    }

    /// How often its members may be restarted together.
    ///
    /// # Errors
    /// When there is no time in which restarts count, which the macro rules out.
    pub(crate) fn budget(&self) -> Result<Budget> {
        let seconds = Setting::Number(self.max_seconds).seconds()?;
        Ok(Budget { max_restarts: self.max_restarts, within: Duration::from_secs(seconds.into()) })
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("name", &self.name()).finish_non_exhaustive()
    }
}
