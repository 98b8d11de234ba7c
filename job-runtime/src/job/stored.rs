//! What a store asks of a job: arguments that can be written down, and read by whoever runs it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Context;
use super::signature::{ByValue, Fits, FitsNot, Nobody, TheContext};

/// A parameter by value of a job that waits in a queue.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a job in a queue: it is written down, and read by the process that runs it",
    label = "expected a type that is `Serialize`, `Deserialize` and `Send`, and borrows nothing",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` above a type of your own",
    note = "take data that all runs share as `&T`, and of what cannot be written down its number or its name"
)]
pub trait AsQueued<M>: Sized {
    /// The type itself.
    type Kept: Serialize + DeserializeOwned + Send + 'static;
    /// From the caller.
    fn keep(self) -> Self::Kept;
    /// To the function.
    fn give(kept: Self::Kept) -> Self
    where
        M: ByValue;
}

impl<T: Serialize + DeserializeOwned + Send + 'static> AsQueued<Fits> for T {
    type Kept = T;

    fn keep(self) -> T {
        self
    }

    fn give(kept: T) -> T {
        kept
    }
}

impl<T: Nobody> AsQueued<FitsNot> for T {
    type Kept = ();

    fn keep(self) {}

    fn give((): ()) -> T {
        T::anything()
    }
}

#[diagnostic::do_not_recommend]
impl AsQueued<TheContext> for Context {
    type Kept = ();

    fn keep(self) {}

    fn give((): ()) -> Self {
        unreachable!("a context is not taken by value")
    }
}

/// Lets `queue` stand at an attribute.
pub const fn check_queue(_name: &str) {}

/// Lets `scope = "cluster"` stand at an attribute.
pub const fn check_cluster(_word: &str) {}
