mod jobs {
    #[job_runtime::periodic(every = "10m")]
    async fn tick() {}
}

fn main() {
    drop(jobs::tick::trigger());
}
