//! What SQLite refused, in words.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::durable::store::Fault;

/// Why something was not done.
pub(super) enum Failure {
    Refused(Error),
    Panicked,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Failure {
    pub(super) fn fault(&self, file: &Path) -> Fault {
        match self {
            Self::Refused(error) => fault(file, error),
            Self::Panicked => Fault::lasting("a panic, which is a mistake of job-runtime"),
        }
    }

    /// Whether the file is to be opened anew before it is used again.
    pub(super) fn is_broken(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen))
    }
}

/// What a call failed with.
pub(super) fn fault(file: &Path, error: &Error) -> Fault {
    let path = file.display();
    // No waiting helps this transaction: what it has read is not what it would write to.
    if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_BUSY_SNAPSHOT) {
        let advice = "roll it back, and begin it anew with `BEGIN IMMEDIATE`";
        return Fault::passing(format!("somebody else wrote to `{path}` after the transaction had read it: {advice}"));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            Fault::passing(format!("somebody else keeps `{path}` locked"))
        }
        Some(ErrorCode::DiskFull) => Fault::passing(format!("there is no room left for `{path}`")),
        Some(ErrorCode::CannotOpen) => {
            Fault::passing(format!("`{path}` cannot be opened: is its folder there, and may it be written to?"))
        }
        Some(ErrorCode::SystemIoFailure) => Fault::passing(format!("`{path}` cannot be read or written: {error}")),
        Some(ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted | ErrorCode::OperationAborted) => {
            Fault::passing(format!("`{path}`: {error}"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Fault::lasting(format!("`{path}` may not be written to"))
        }
        Some(ErrorCode::NotADatabase) => Fault::lasting(format!("`{path}` is not a file of SQLite")),
        Some(ErrorCode::DatabaseCorrupt) => Fault::lasting(format!("`{path}` is damaged: {error}")),
        _ => Fault::lasting(format!("`{path}`: {}", told(error))),
    }
}

/// What SQLite says, without the statement that it says it of, which is ours.
fn told(error: &Error) -> String {
    if let Error::SqlInputError { msg, .. } = error { msg.clone() } else { error.to_string() }
}

/// Whether somebody else was in the way, and is soon gone.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
