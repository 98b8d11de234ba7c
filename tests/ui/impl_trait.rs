use job_runtime::periodic;

#[periodic(every = "10m")]
fn parameter(names: impl Iterator<Item = String>) {
    drop(names);
}

#[periodic(every = "10m")]
fn shared(mailer: &impl Clone) {
    let _ = mailer;
}

#[periodic(every = "10m")]
fn output() -> impl Future<Output = ()> {
    async {}
}

fn main() {}
