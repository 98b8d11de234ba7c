use job_runtime::job;

#[job(queue = "mail")]
async fn send_mail(to: Address, crm: &Crm) -> Outcome {
    let _ = (to, crm);
}

fn main() {}
