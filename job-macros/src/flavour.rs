//! Which of the attributes it is that makes a job of a function.

use proc_macro2::{Ident, Span};

/// The attribute that is being expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// It runs again and again.
    Periodic,
    /// It runs when it is spawned.
    Job,
    /// It runs all the time.
    Service,
}

impl Flavour {
    /// The attribute's name, which is that of the runtime's function too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Periodic => "periodic",
            Self::Job => "job",
            Self::Service => "service",
        }
    }

    pub(crate) fn ident(self, span: Span) -> Ident {
        Ident::new(self.name(), span)
    }

    /// What a function becomes by it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Periodic => "periodic job",
            Self::Job => "job on demand",
            Self::Service => "service",
        }
    }

    /// The attribute of this name.
    pub(crate) fn named(name: &Ident) -> Option<Self> {
        [Self::Periodic, Self::Job, Self::Service].into_iter().find(|flavour| name == flavour.name())
    }
}
