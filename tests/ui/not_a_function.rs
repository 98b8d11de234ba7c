use job_runtime::periodic;

#[periodic(every = "10m")]
struct Tick;

#[periodic(every = "10m")]
mod ticks {}

#[periodic(every = "10m")]
impl Tick {}

#[periodic(every = "10m")]
pub const TICK: fn() = || ();

fn main() {
    let _ = Tick;
}
