//! Panics of the users' code: held where it is called, and told with message and place.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Once};

thread_local! {
    static PANIC: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    static CATCHING: Cell<Catching> = const { Cell::new(Catching::No) };
}

/// Whether the code of a job is being called on this thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Catching {
    No,
    Yes,
    /// And a panic in it was noted, which it may have caught itself.
    Noted,
}

/// Calls the user's code; a panic comes back as its message and place.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    let outer = CATCHING.replace(Catching::Yes);
    let result = catch_unwind(AssertUnwindSafe(call));
    let inner = CATCHING.replace(outer);
    let noted = if inner == Catching::Noted { PANIC.take() } else { None };
    result.map_err(|payload| {
        let text = panic_text(&*payload, noted);
        dispose(payload);
        text
    })
}

/// Calls the user's code; of a panic nothing is left.
pub(crate) fn held<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).map_err(dispose).ok()
}

/// A payload may panic in its own drop, and so may that panic's.
fn dispose(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

fn panic_text(payload: &(dyn Any + Send), noted: Option<Arc<str>>) -> Arc<str> {
    let message = message(payload);
    // What the hook noted may be another panic, which the job caught itself.
    noted.filter(|noted| noted.starts_with(message)).unwrap_or_else(|| message.into())
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a text")
}

/// Notes message and place of panics in jobs, and lets the hook that was there before do its part.
pub(crate) fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CATCHING.get() != Catching::No {
                PANIC.set(Some(note(info)));
                CATCHING.set(Catching::Noted);
            }
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) -> Arc<str> {
    let message = message(info.payload());
    match info.location() {
        Some(place) => format!("{message}, at {}:{}", place.file(), place.line()).into(),
        None => message.into(),
    }
}
