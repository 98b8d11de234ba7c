//! What stands where a count belongs: a whole number, or an expression that is one.

use syn::{Expr, Lit, LitInt};

use super::{Kind, Value, is_negative, literal, refuse};
use crate::errors::Errors;

/// Which numbers an option takes.
#[derive(Clone, Copy)]
pub(crate) enum Bounds {
    /// This one, and all above it.
    From(u32),
    /// The places in a queue.
    Priority,
}

impl Bounds {
    pub(crate) fn least(self) -> u32 {
        match self {
            Self::From(least) => least,
            Self::Priority => 0,
        }
    }

    pub(crate) fn most(self) -> u32 {
        match self {
            Self::From(_) => u32::MAX,
            Self::Priority => 9,
        }
    }

    /// What is said about one that is smaller.
    pub(crate) fn too_small(self, name: &str) -> String {
        format!("`{name}` is at least {}", self.least())
    }

    /// What is said about one that is larger.
    pub(crate) fn too_large(self, name: &str) -> String {
        match self {
            Self::From(_) => format!("`{name}` is at most {}", self.most()),
            Self::Priority => format!("`{name}` is a number from 0, the most urgent, to 9"),
        }
    }
}

pub(super) fn count(name: &str, kind: Kind, bounds: Bounds, expr: Expr, errors: &mut Errors) -> Option<Value> {
    if let Some(Lit::Int(number)) = literal(&expr) {
        return small(name, bounds, number, errors);
    }
    if literal(&expr).is_some() || is_negative(&expr) || matches!(expr, Expr::Range(_) | Expr::Closure(_)) {
        return refuse(name, kind, &expr, errors);
    }
    Some(Value::ComputedCount(expr, bounds))
}

fn small(name: &str, bounds: Bounds, number: &LitInt, errors: &mut Errors) -> Option<Value> {
    if !matches!(number.suffix(), "" | "u32") {
        errors.at(number, format!("`{name}` is a `u32`: leave the suffix `{}` out", number.suffix()));
        return None;
    }
    match number.base10_parse::<u32>() {
        Ok(count) if count < bounds.least() => errors.at(number, bounds.too_small(name)),
        Ok(count) if count <= bounds.most() => return Some(Value::Count(number.clone())),
        Ok(_) | Err(_) => errors.at(number, bounds.too_large(name)),
    }
    None
}
