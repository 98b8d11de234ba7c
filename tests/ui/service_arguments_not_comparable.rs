use job_runtime::{Context, periodic, service};

struct Room;

#[derive(PartialEq, Eq, Hash)]
struct NotClone;

#[service]
async fn chat_room(cx: &Context, room: Room, rate: f64) {
    let _ = (room, rate);
    cx.cancelled().await;
}

#[service]
fn guest(guest: NotClone, count: &mut u32) {
    let _ = (guest, count);
}

#[periodic(every = "1m")]
fn greet(guest: NotClone) {
    let _ = guest;
}

fn main() {}
