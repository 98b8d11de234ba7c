use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

const NONE: u32 = 0;

group!(WORDS = [tick], strategy = "rest_for_all");
group!(QUOTES = [tick], strategy = one_for_all, stratgy = "one_for_one");
group!(NUMBERS = [tick], max_seconds = 0, max_restarts = "3");
group!(CONSTANTS = [tick], max_seconds = NONE, max_restarts = NONE);
group!(NAMES = [tick], intensity = 1, period = 5, max_restarts = 2, max_restarts = 3);
group!(OTHERS = [tick], name = "database", job_shutdown = "5s", colour = "red");

fn main() {}
