use job_runtime::periodic;

use std::collections::HashMap;

struct Names<'a>(&'a str);

#[periodic(every = "10m")]
fn argument(names: Vec<&str>) {
    drop(names);
}

#[periodic(every = "10m")]
fn elided(names: Names<'_>) {
    drop(names.0);
}

#[periodic(every = "10m")]
fn shared(names: &HashMap<String, (u8, &str)>) {
    let _ = names;
}

#[periodic(every = "10m")]
fn object(mailer: &(dyn Send + Sync + '_)) {
    let _ = mailer;
}

fn main() {}
