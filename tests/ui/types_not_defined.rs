use job_runtime::periodic;

#[periodic(every = "10m")]
async fn tick(db: &Database, seen: &mut Seen, account: AccountId) -> Report {
    let _ = (db, seen, account);
}

fn main() {}
