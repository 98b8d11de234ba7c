//! A runtime of a build that has no store: jobs that want one are refused in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Builder, Runtime};
use crate::engine::registry::Found;
use crate::engine::supervisor::Owner;
use crate::error::{Mistake, Result};
use crate::job::{Home, Job, Keep, Run, no_runtime};

/// There is none to choose.
#[derive(Default)]
pub(crate) struct Choice {}

/// There is none.
pub(crate) struct Chosen;

impl Builder {
    /// No job wants a store that could be in memory.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn or_memory(self) -> Self {
        self
    }
}

impl Choice {
    #[expect(clippy::unused_self, reason = "the same door as with a store")]
    pub(crate) fn resolve(
        self,
        jobs: &[Found],
        _environment: &BTreeMap<String, String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Chosen> {
        let lacking = |job: &Found| {
            let sentence = "it wants a store, which needs the feature `sqlite` or `postgres` of `job-runtime`";
            Mistake::at((job.place.file, job.place.line), format!("job `{}`: {sentence}", job.name()))
        };
        mistakes.extend(jobs.iter().filter(|job| job.options.is_stored()).map(lacking));
        None
    }
}

pub(super) fn kind(_chosen: Option<Chosen>, _home: &Arc<Home>) -> Option<Box<dyn Owner>> {
    None
}

impl Runtime {
    #[expect(clippy::unused_async, reason = "the same door as with a store")]
    pub(crate) async fn open_store(&self) -> Result<()> {
        Ok(())
    }

    /// Nothing is remembered.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    #[expect(clippy::unused_self, reason = "the same door as with a store")]
    pub(crate) fn put_down(&self) {}

    #[expect(clippy::unused_async, reason = "the same door as with a store")]
    pub(crate) async fn trigger_stored(_job: &Arc<Job>, _keep: Keep) -> Result<Arc<Run>> {
        Err(no_runtime())
    }

    #[expect(clippy::unused_async, reason = "the same door as with a store")]
    pub(crate) async fn pause_stored(&self, _job: &Arc<Job>, _reason: Option<&str>) -> Result<()> {
        Err(no_runtime())
    }
}
