use job_runtime::{Context, Periodic, Schedule};

struct Broken;

fn main() -> job_runtime::Result {
    let every = Schedule::every("10m")?;
    let _ = Periodic::new("number", every.clone(), |_: Context| async { 3_u8 });
    let _ = Periodic::new("broken", every, |_: Context| async { Err::<(), Broken>(Broken) });
    Ok(())
}
