use job_runtime::periodic;

struct Jobs;

impl Jobs {
    #[periodic(every = "10m")]
    async fn tick(&self) {}

    #[periodic(every = "10m", evry = "1s")]
    fn tock(self: Box<Self>, name: String) {
        drop(name);
    }
}

fn main() {
    drop(Jobs.tick());
}
