use job_runtime::periodic;

#[periodic(every = "10m")]
fn types<T: Default>() {}

#[periodic(every = "10m")]
fn consts<const N: usize>() {}

#[periodic(every = "10m")]
fn lifetimes<'a>(name: &'a str) {
    drop(name);
}

#[periodic(every = "10m")]
fn clause(names: Vec<String>)
where
    String: Clone,
{
    drop(names);
}

fn main() {}
