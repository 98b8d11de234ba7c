//! Two jobs of one name, a third that can be renamed to it, and one that stands between them in the alphabet.

mod support;

mod house {
    #[job_runtime::periodic(every = "1h", initial_delay = "0s")]
    pub async fn sweep() {
        println!("ran house::sweep");
    }
}

mod street {
    #[job_runtime::periodic(every = "1h", initial_delay = "0s")]
    pub async fn sweep() {
        println!("ran street::sweep");
    }
}

#[job_runtime::periodic(every = "1h")]
async fn tidy() {}

#[job_runtime::periodic(every = "1h")]
async fn wash() {}

#[tokio::main]
async fn main() -> job_runtime::Result {
    support::arguments(job_runtime::run_all()).shutdown_on(support::input_ends()).await
}
