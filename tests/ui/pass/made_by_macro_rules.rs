//! Functions that `macro_rules!` puts together, with fragments of every sort.

use std::time::Duration;

use job_runtime::{Context, group, job, periodic, service};

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

macro_rules! spawned {
    ($(#[$meta:meta])* $vis:vis $name:ident($argument:ident: $ty:ty), $attempts:expr, $pending:literal, $output:ty) => {
        $(#[$meta])*
        #[job(max_attempts = $attempts, max_pending = $pending)]
        $vis async fn $name($argument: $ty, argument: $ty, state: &mut $ty) -> $output {
            *state = $argument;
            drop(argument);
            Ok(())
        }
    };
}

macro_rules! queued {
    ($vis:vis $name:ident($argument:ident: $ty:ty), $queue:literal, $priority:expr, $output:ty) => {
        #[job(queue = $queue, priority = $priority, unique_for = "1h")]
        $vis async fn $name($argument: $ty, second: $ty) -> $output {
            drop(($argument, second));
            Ok(())
        }
    };
}

macro_rules! served {
    ($vis:vis $name:ident, $restart:literal, $backoff:expr, $($key:ty)?) => {
        #[service(restart = $restart, backoff = $backoff)]
        $vis fn $name(cx: &Context $(, key: $key)?) {
            $(let _: $key = key;)?
            let _ = cx;
        }
    };
}

macro_rules! grouped {
    ($vis:vis $name:ident: $first:path, $($member:ident),*; $strategy:literal $restarts:expr) => {
        group! {
            #[doc = "Made by a macro."]
            $vis $name = [$first, $($member),*], strategy = $strategy, max_restarts = $restarts
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
const ATTEMPTS: u32 = 1;

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
spawned!(
    /// Documented.
    #[allow(clippy::needless_pass_by_value)]
    pub by_message(argument: String), 2 + 1, 0, Result<(), String>
);
spawned!(pub(crate) by_bytes(bytes: Vec<u8>), ATTEMPTS, 3, Result<(), std::fmt::Error>);
queued!(pub by_queue(first: String), "mail", 2 + 1, Result<(), String>);
queued!(pub(crate) by_bytes_in_a_queue(bytes: Vec<u8>), "bytes", ATTEMPTS, Result<(), std::fmt::Error>);
served!(pub by_itself, "transient", "1s..5m",);
served!(by_key, "permanent", Duration::from_secs(3), (u8, String));
grouped!(pub SEVERAL: crate::first, second, by_message, by_itself; "one_for_all" ATTEMPTS + 1);
whole!(
    async fn whole_item() {}
);
values!(by_values, "10m", 3, ready, "all(3)", &String);

fn ready() -> bool {
    true
}

fn main() {
    let _: job_runtime::Result<()> = Ok(());
    drop((by_queue::enqueue_all([(String::new(), String::new())]), by_bytes_in_a_queue::enqueue(vec![], vec![])));
    let _ = (by_message::spawn, by_bytes::try_spawn, by_key::start, SEVERAL.name());
    let _ = (by_text::trigger_is_not_there, by_value::resume, whole_item::trigger, by_values::trigger);
}

impl by_text {
    #[allow(non_upper_case_globals)]
    const trigger_is_not_there: fn(u32) -> bool = by_text::stop;
}
