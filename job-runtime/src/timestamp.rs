//! Times as text, for tests: RFC 3339, and RFC 9557 with a zone in brackets.

use std::time::SystemTime;

use crate::error::{Error, Result};

/// What stands for a time: a text such as `"2026-03-28T12:00:00+01:00[Europe/Berlin]"` (RFC 3339, or RFC 9557 with a
/// zone), or a [`SystemTime`]. Nothing else can.
///
/// ```
/// use job_runtime::IntoTime;
///
/// let noon = "2026-03-28T12:00:00+01:00".into_time()?;
/// assert_eq!(noon, "2026-03-28T11:00:00Z".into_time()?);
/// # Ok::<(), job_runtime::Error>(())
/// ```
pub trait IntoTime: sealed::Sealed {
    /// The time that is meant.
    ///
    /// # Errors
    /// When a text is not a time with an offset or `Z`.
    fn into_time(self) -> Result<SystemTime>;
}

impl IntoTime for &str {
    fn into_time(self) -> Result<SystemTime> {
        let time: jiff::Timestamp = self.parse().map_err(|error| {
            Error::configuration(format!("`{self}` is not a time such as `2026-03-28T12:00:00+01:00`: {error}"))
        })?;
        Ok(time.into())
    }
}

impl IntoTime for SystemTime {
    fn into_time(self) -> Result<SystemTime> {
        Ok(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for std::time::SystemTime {}
}
