//! A guard is a path or a closure, plain or async, and takes nothing or `&Context`.

use job_runtime::{Context, periodic};

fn plain() -> bool {
    true
}

async fn waits() -> bool {
    true
}

fn looks(cx: &Context) -> bool {
    cx.attempt() == 1
}

async fn waits_and_looks(cx: &Context) -> bool {
    cx.attempt() == 1
}

struct Gate;

impl Gate {
    fn open() -> bool {
        true
    }
}

mod gates {
    pub fn always<const ANSWER: bool>() -> bool {
        ANSWER
    }
}

#[periodic(every = "1m", when = plain)]
fn by_path() {}

#[periodic(every = "1m", when = waits)]
fn by_async_path() {}

#[periodic(every = "1m", when = looks)]
fn by_path_with_context() {}

#[periodic(every = "1m", when = waits_and_looks)]
fn by_async_path_with_context() {}

#[periodic(every = "1m", when = Gate::open)]
fn by_associated_function() {}

#[periodic(every = "1m", when = gates::always::<true>)]
fn by_generic_function() {}

#[periodic(every = "1m", when = || true)]
fn by_closure() {}

#[periodic(every = "1m", when = async || waits().await)]
fn by_async_closure() {}

#[periodic(every = "1m", when = || async { waits().await })]
fn by_closure_giving_a_future() {}

#[periodic(every = "1m", when = |cx| cx.attempt() == 1)]
fn by_closure_with_context() {}

#[periodic(every = "1m", when = |cx| async move { waits_and_looks(cx).await })]
fn by_closure_with_context_giving_a_future() {}

#[periodic(every = "1m", when = |cx: &Context| -> bool { return cx.attempt() == 1 })]
fn by_typed_closure_with_context() {}

#[periodic(every = "1m", when = async |cx| cx.attempt() == 1 && waits_and_looks(cx).await)]
fn by_async_closure_with_context() {}

#[periodic(every = "1m", when = (async move |_| true))]
async fn by_async_closure_that_does_not_look() {}

#[periodic(every = "1m", when = || todo!())]
fn by_closure_to_be_written() {}

#[periodic(every = "1m", when = |_| panic!("not asked"))]
fn by_closure_with_context_to_be_written() {}

#[periodic(every = "1m", when = async || unreachable!())]
fn by_async_closure_to_be_written() {}

fn main() {}
