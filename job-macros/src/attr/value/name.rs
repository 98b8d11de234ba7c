//! What stands where a name belongs: that of a job, or of the queue it waits in.

use syn::{Expr, LitStr};

use super::{Check, Kind, Value, refuse, string};
use crate::errors::Errors;

/// The bytes of a name at most, as the library has it too.
const LONGEST: usize = 255;

pub(super) fn job(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let Some(text) = string(expr) else {
        return refuse(name, kind, expr, errors);
    };
    if text.value().trim().is_empty() {
        errors.at(&text, "the name of a job is not empty: leave `name` out to take the function's");
        return None;
    }
    one_line(text, "a job", errors).map(Value::Text)
}

pub(super) fn queue(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let Some(text) = string(expr) else {
        return refuse(name, kind, expr, errors);
    };
    if text.value().trim().is_empty() {
        errors.at(&text, "the name of a queue is not empty: write one such as `\"mail\"`");
        return None;
    }
    if text.value().starts_with('@') {
        errors.at(&text, "queues whose names begin with `@` are the library's own: leave the `@` out");
        return None;
    }
    one_line(text, "a queue", errors).map(|text| Value::Unjudged(text, Check::Queue))
}

/// The name, if it can stand in a log and in a list.
fn one_line(text: LitStr, of: &str, errors: &mut Errors) -> Option<LitStr> {
    let name = text.value();
    if name.contains(|letter: char| letter.is_control() || letter == ',') || name.trim() != name {
        let rule = "is one line of text, without commas and without white space at its ends";
        errors.at(&text, format!("the name of {of} {rule}"));
        return None;
    }
    if name.len() > LONGEST {
        errors.at(&text, format!("the name of {of} has {LONGEST} bytes at most, and this has {}", name.len()));
        return None;
    }
    Some(text)
}
