//! Without a store: what needs one is refused in words where it is written, and nothing else is said about it.

use super::signature::{Fits, FitsNot, Nobody};

/// Refuses `queue` at compile time.
///
/// # Panics
/// Always, with a sentence.
#[track_caller]
pub const fn check_queue(_name: &str) {
    panic!("`queue` needs the feature `sqlite` or `postgres` of `job-runtime`, which is not enabled")
}

/// Refuses `scope = "cluster"` at compile time.
///
/// # Panics
/// Always, with a sentence.
#[track_caller]
pub const fn check_cluster(_word: &str) {
    panic!("`scope = \"cluster\"` needs the feature `sqlite` or `postgres` of `job-runtime`, which is not enabled")
}

/// A parameter by value of a job that would wait in a queue.
pub trait AsQueued<M>: Sized {
    /// The type itself.
    type Kept: 'static;
    /// From the caller.
    fn keep(self) -> Self::Kept;
    /// To the function.
    fn give(kept: Self::Kept) -> Self;
}

impl<T: 'static> AsQueued<Fits> for T {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "`queue` needs the feature `sqlite` or `postgres` of `job-runtime`, which is not enabled"
    )]
    fn a_queue_needs_a_store() {
        check_queue("mail");
    }

    #[test]
    #[should_panic(expected = "`scope = \"cluster\"` needs the feature `sqlite` or `postgres`")]
    fn a_tick_of_all_nodes_needs_one_too() {
        check_cluster("cluster");
    }
}
