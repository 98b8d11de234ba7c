use job_runtime::periodic;

trait Ticks {
    #[periodic(every = "10m")]
    fn tick();
}

fn main() {}
