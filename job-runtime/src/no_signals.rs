//! Without the signals of the system: the program decides when to shut down, with `shutdown_on` or `shutdown`.

use std::sync::Arc;

use crate::engine::driver::Engine;
use crate::error::Result;

pub(crate) struct Listening;

#[expect(clippy::unnecessary_wraps, reason = "the same door as with signals")]
pub(crate) fn listen(_engine: &Arc<Engine>) -> Result<Listening> {
    Ok(Listening)
}

/// Ends the process with 1, after saying why and naming what is still on.
pub(crate) fn exit(engine: &Engine, why: &str) -> ! {
    let names: Vec<String> = engine.still_running().iter().map(|name| format!("`{name}`")).collect();
    eprintln!("job-runtime: {why}: {}", names.join(", "));
    std::process::exit(1)
}
