//! The function stays what it was: callable, with its attributes, its documentation and its visibility.

use std::borrow::Cow;
use std::rc::Rc;

use job_runtime::{Context, periodic};

type Shared<'a> = &'a str;

#[periodic(every = "1m", name = "anything goes", enabled = std::env::var_os("OFF").is_none())]
#[must_use]
#[inline]
/// Counts.
fn count(words: &[String], extra: Cow<'static, str>, (low, high): (usize, usize)) -> Result<usize, &'static str> {
    let words = words.len() + extra.len();
    if (low..high).contains(&words) { Ok(words) } else { Err("out of range") }
}

#[periodic(every = "1m")]
fn callback(call: &(dyn Fn(&str) -> &str + Send + Sync), plain: &fn(&str) -> bool) {
    let _ = (call("a"), plain("b"));
}

#[periodic(every = "1m")]
fn spelling(
    pair: (u8, [u8; 3]),
    owned: <str as ToOwned>::Owned,
    text: ::std::string::String,
    call: fn(u8) -> u8,
    state: &mut <[u8] as ToOwned>::Owned,
    data: &<str as ToOwned>::Owned,
) -> <() as ToOwned>::Owned {
    let _ = (pair, owned, text, call(1), state, data);
}

#[periodic(every = "1m")]
async fn fails() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(())
}

#[cfg(any())]
#[periodic(every = "nonsense")]
fn compiled_out() {}

#[cfg_attr(all(), periodic(every = "1m"))]
async fn compiled_in(cx: &Context) {
    let _ = cx;
}

fn main() {
    let local: Shared<'_> = "a";
    let _ = Rc::new(count(&[], Cow::Borrowed(local.len().to_string().leak()), (0, 3)));
    fn inner() {
        #[periodic(every = "1m", companion = InBody)]
        async fn in_a_body() {}
        drop(in_a_body());
        drop(InBody::trigger());
    }
    inner();
    drop(compiled_in::status());
}
