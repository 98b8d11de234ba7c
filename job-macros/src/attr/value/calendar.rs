//! What stands at `cron`, `tz` and `schedule`. Whether an expression or a zone is right is for the runtime to say.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::{Expr, ExprArray, Token};

use super::{Check, Kind, Value, bare, in_quotes, literal, refuse, string};
use crate::errors::Errors;

/// As many as the runtime takes.
const MOST: usize = 32;

pub(super) fn cron(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    if let Some(text) = string(expr) {
        return Some(Value::Cron(vec![text]));
    }
    if let Expr::Array(list) = expr { several(name, kind, list, errors) } else { refuse(name, kind, expr, errors) }
}

/// Those of a list that are texts are judged even where others are not.
fn several(name: &str, kind: Kind, list: &ExprArray, errors: &mut Errors) -> Option<Value> {
    if list.elems.is_empty() {
        errors.at(list, format!("`{name}` names at least one time: {kind}"));
        return None;
    }
    if let Some(further) = list.elems.iter().nth(MOST) {
        errors.at(further, format!("`{name}` takes at most {MOST} expressions: this one is too many"));
    }
    let mut texts = Vec::new();
    for expr in list.elems.iter().take(MOST) {
        let expr = bare(expr.clone());
        if let Some(text) = string(&expr) {
            texts.push(text);
        } else {
            refuse(name, kind, &expr, errors);
        }
    }
    Some(Value::Cron(texts))
}

pub(super) fn zone(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    if let Some(text) = string(expr) {
        return Some(Value::Unjudged(text, Check::Zone));
    }
    let Some(text) = without_quotes(expr) else {
        return refuse(name, kind, expr, errors);
    };
    errors.at(expr, in_quotes(name, &text));
    None
}

/// `UTC`, and `Europe/Berlin`, which is a division.
fn without_quotes(expr: &Expr) -> Option<String> {
    let tokens = expr.to_token_stream();
    let named = matches!(tokens.clone().into_iter().next(), Some(TokenTree::Ident(_)));
    let joined = tokens.clone().into_iter().all(|token| match token {
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Punct(mark) => matches!(mark.as_char(), '/' | '+' | '-'),
        TokenTree::Group(_) => false,
    });
    (named && joined).then(|| tokens.to_string().replace(' ', ""))
}

pub(super) fn schedule(name: &str, kind: Kind, expr: Expr, errors: &mut Errors) -> Option<Value> {
    if let Some(text) = string(&expr) {
        errors.at(
            text,
            format!("`{name}` takes no text: write a cron expression as `cron = \"…\"`, a period as `every = \"…\"`"),
        );
        return None;
    }
    if let Some(question) = question_mark(&expr) {
        let sentence = format!(
            "there is nothing that `{name}` could return an error to: write `.expect(\"…\")`, or a fixed expression as \
             `cron = \"…\"`"
        );
        errors.at(question, sentence);
        return None;
    }
    if literal(&expr).is_some() || matches!(expr, Expr::Range(_) | Expr::Closure(_)) {
        return refuse(name, kind, &expr, errors);
    }
    Some(Value::Schedule(expr))
}

/// `Schedule::cron(text)?`, also with calls behind it.
fn question_mark(expr: &Expr) -> Option<&Token![?]> {
    if let Expr::MethodCall(call) = expr {
        return question_mark(&call.receiver);
    }
    if let Expr::Try(tried) = expr { Some(&tried.question_token) } else { None }
}
