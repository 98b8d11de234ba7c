//! Without the signals of the system: the program decides when to shut down, with `shutdown_on` or `shutdown`.

use std::sync::Arc;

use crate::engine::driver::Engine;
use crate::error::Result;

pub(crate) struct Listening;

impl Listening {
    #[expect(clippy::unused_self, reason = "the same door as with signals")]
    pub(crate) fn stop(self) {}
}

#[expect(clippy::unnecessary_wraps, reason = "the same door as with signals")]
pub(crate) fn listen(_engine: &Arc<Engine>) -> Result<Listening> {
    Ok(Listening)
}
