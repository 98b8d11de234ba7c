//! A state of the user's own that happens to be called `Context`.

mod app {
    #[derive(Default)]
    pub struct Context {
        pub count: u8,
    }
}

#[job_runtime::periodic(every = "1h")]
async fn count(state: &mut app::Context, cx: &job_runtime::Context) {
    state.count += u8::from(cx.attempt() == 1);
}

#[job_runtime::job]
fn sent(message: app::Context, cx: &job_runtime::Context) {
    let _ = (message.count, cx);
}

fn main() {}
