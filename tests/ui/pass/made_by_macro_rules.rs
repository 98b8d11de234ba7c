//! Functions that `macro_rules!` puts together, with fragments of every sort.

use std::time::Duration;

use job_runtime::{Context, periodic};

macro_rules! by_parts {
    ($(#[$meta:meta])* $vis:vis $name:ident, $every:expr, $data:ty, $state:ty, $output:ty, $body:block) => {
        $(#[$meta])*
        #[periodic(every = $every, when = |cx| cx.attempt() > 0)]
        $vis async fn $name(cx: &Context, data: &$data, state: &mut $state, argument: $state) -> $output {
            let _ = (cx, data, state, argument);
            $body
        }
    };
}

macro_rules! whole {
    ($item:item) => {
        #[periodic(every = "1m")]
        $item
    };
}

macro_rules! values {
    ($name:ident, $text:literal, $count:literal, $path:path, $word:literal, $reference:ty) => {
        #[periodic(every = $text, max_running = $count, when = $path, on_missed = $word)]
        fn $name(data: $reference) {
            let _ = data.len();
        }
    };
}

macro_rules! names_kept_apart {
    ($vis:vis $name:ident, $argument:ident) => {
        #[periodic(every = "1m")]
        $vis fn $name($argument: u8, argument: u8) {
            let _ = $argument + argument;
        }
    };
}

macro_rules! several {
    ($($name:ident)*) => {
        $(
            #[periodic(every = "1m", enabled = $crate::ON)]
            fn $name(state: &mut $crate::State) {
                state.0 += 1;
            }
        )*
    };
}

const ON: bool = true;

#[derive(Default)]
struct State(u32);

names_kept_apart!(pub(crate) visible, argument);
names_kept_apart!(hidden, argument);
several!(first second third);
by_parts!(
    /// Documented.
    pub by_text, "10m", str, u32, Result<(), String>, { Ok(()) }
);
by_parts!(by_value, Duration::from_secs(90), (dyn Fn(&str) + Send + Sync), Vec<u8>, (), {});
whole!(
    async fn whole_item() {}
);
values!(by_values, "10m", 3, ready, "all(3)", &String);

fn ready() -> bool {
    true
}

fn main() {
    let _ = (by_text::trigger_is_not_there, by_value::resume, whole_item::trigger, by_values::trigger);
}

impl by_text {
    #[allow(non_upper_case_globals)]
    const trigger_is_not_there: fn(u32) -> bool = by_text::stop;
}
