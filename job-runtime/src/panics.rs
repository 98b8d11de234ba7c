//! Panics of the users' code: held where it is called, and told with message and place.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Once};

thread_local! {
    static PANIC: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Calls the user's code; a panic comes back as its message and place.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    let outer = CATCHING.replace(true);
    PANIC.set(None);
    let result = catch_unwind(AssertUnwindSafe(call));
    CATCHING.set(outer);
    result.map_err(|payload| {
        let text = panic_text(&*payload);
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

fn panic_text(payload: &(dyn Any + Send)) -> Arc<str> {
    let message = message(payload);
    // What the hook noted may be another panic, which the job caught itself.
    PANIC.take().filter(|noted| noted.starts_with(message)).unwrap_or_else(|| message.into())
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
            if CATCHING.get() {
                PANIC.set(Some(note(info)));
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
