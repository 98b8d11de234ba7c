//! What stands where a duration belongs: a text or an expression, or a number that lacks its quotes or its unit.

use quote::ToTokens;
use syn::{Expr, Lit, LitStr};

use super::{Check, Kind, Value, as_path, in_quotes, is_negative, literal, refuse, string, unknown_word};
use crate::errors::Errors;

pub(super) fn duration(
    name: &str,
    kind: Kind,
    words: &[&str],
    check: Check,
    expr: Expr,
    errors: &mut Errors,
) -> Option<Value> {
    if let Some(text) = string(&expr) {
        return duration_text(name, kind, words, check, text, errors);
    }
    if let Some(text) = unquoted(&expr) {
        errors.at(&expr, in_quotes(name, &text));
        return None;
    }
    if let Some(Lit::Float(number)) = literal(&expr).filter(|literal| is_number_with_unit(literal)) {
        errors.at(number, format!("`{name}` is written in quotes and in whole numbers, as in `\"1h30m\"`"));
        return None;
    }
    if is_number(&expr) {
        errors.at(&expr, format!("`{name}` needs a unit, a bare number has none: {kind}"));
        return None;
    }
    if let Some(word) = words.iter().find(|word| as_path(&expr).is_some_and(|path| path.is_ident(word))) {
        errors.at(&expr, in_quotes(name, word));
        return None;
    }
    if literal(&expr).is_some() || matches!(expr, Expr::Range(_) | Expr::Closure(_)) {
        return refuse(name, kind, &expr, errors);
    }
    Some(Value::Computed(expr, check))
}

/// A duration begins with a digit, so a text that begins with a letter is meant as a word.
fn duration_text(
    name: &str,
    kind: Kind,
    words: &[&str],
    check: Check,
    text: LitStr,
    errors: &mut Errors,
) -> Option<Value> {
    let value = text.value();
    if words.contains(&value.as_str()) {
        return Some(Value::Text(text));
    }
    if !words.is_empty() && value.starts_with(char::is_alphabetic) {
        return unknown_word(name, kind, words, &text, errors);
    }
    Some(Value::Unjudged(text, check))
}

/// `1h30m` and `1s..5m`, numbers with a unit that lack their quotes.
fn unquoted(expr: &Expr) -> Option<String> {
    if let Expr::Range(range) = expr {
        let (start, end) = (range.start.as_deref()?, range.end.as_deref()?);
        return Some(format!("{}..{}", unquoted(start)?, unquoted(end)?));
    }
    let number = literal(expr).filter(|number| matches!(number, Lit::Int(_)) && is_number_with_unit(number))?;
    Some(number.to_token_stream().to_string())
}

fn is_number_with_unit(literal: &Lit) -> bool {
    if let Lit::Int(number) = literal {
        return is_unit(number.suffix());
    }
    matches!(literal, Lit::Float(number) if is_unit(number.suffix()))
}

/// Letters of units, and numbers between them; which of them make a duration is for the runtime to say.
fn is_unit(suffix: &str) -> bool {
    !suffix.is_empty() && suffix.chars().all(|letter| "0123456789msdhw".contains(letter))
}

/// `600`, `-1`, `10 * 60`
pub(crate) fn is_number(expr: &Expr) -> bool {
    if let Expr::Binary(binary) = expr {
        return is_number(&binary.left) && is_number(&binary.right);
    }
    is_negative(expr) || matches!(literal(expr), Some(Lit::Int(_) | Lit::Float(_)))
}
