use job_runtime::job;

#[job(queue = "mail", max_running = 3, max_pending = 100)]
fn bounded() {}

#[job(queue = "mail")]
async fn counted(to: String, sent: &mut u32) {
    let _ = to;
    *sent += 1;
}

#[job(queue = "mail")]
fn unnamed((to, copies): (String, u8), _: u8, kept @ (_, _): (u8, u8)) {
    let _ = (to, copies, kept);
}

fn main() {
    drop((bounded::enqueue(), counted::enqueue("me".to_owned()), unnamed::enqueue_all([])));
}
