use job_runtime::periodic;

#[derive(Clone, PartialEq, Eq)]
struct UserId(u32);

#[periodic(every = "10m")]
async fn sync(user: UserId) {
    drop(user.0);
}

fn main() {}
