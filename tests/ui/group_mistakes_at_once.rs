use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

group!(pub DATABASE [tick, "tick", String, tick, tock] strategy = "one_for_al", max_seconds = 0, period = 5);

fn main() {
    println!("{}", DATABASE.name());
}
