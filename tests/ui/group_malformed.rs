use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

group!();
group!(pub = [tick]);
group!(static DATABASE = [tick]);
group!(NO_LIST);
group!(NO_BRACKETS = tick, strategy = "one_for_all", max_seconds = 0);
group!(PARENTHESES = (tick));
group!(COLON: [tick]);
group!(NO_SIGN [tick]);
group!(NO_COMMA = [tick] strategy = "one_for_all");

fn main() {}
