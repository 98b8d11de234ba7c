use job_runtime::{job, periodic, service};

#[periodic(every = "10m")]
#[job]
async fn again_and_on_demand() {}

#[job]
#[job_runtime::service(restart = "transient")]
#[job]
async fn on_demand_and_always() {}

#[service]
#[periodic(every = "10m")]
async fn always_and_again() {}

fn main() {
    drop(again_and_on_demand::trigger());
    drop(on_demand_and_always::spawn());
}
