use job_runtime::{Context, service};

struct Room;

#[service]
async fn chat_room(cx: &Context, room: Room, rate: f64) {
    let _ = (room, rate);
    cx.cancelled().await;
}

fn main() {}
