use job_runtime::job;

#[job(max_attempts = 3)]
async fn send_mail(to: Address, crm: &Crm, seen: &mut Seen) -> Outcome {
    let _ = (to, crm, seen);
}

fn main() {}
