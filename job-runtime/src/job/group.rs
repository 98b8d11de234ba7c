//! Jobs that are supervised together: [`Group`].

use std::any::TypeId;
use std::fmt;

use super::Place;

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
    #[expect(dead_code, reason = "the supervisor of groups comes next")]
    pub(crate) members: &'static [Member],
    pub(crate) strategy: &'static str,
    pub(crate) max_restarts: u32,
    pub(crate) max_seconds: u32,
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
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("name", &self.name()).finish_non_exhaustive()
    }
}
