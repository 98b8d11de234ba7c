//! Which values an option takes: words and counts are judged here, durations and the like by `const fn`s of the
//! runtime.

mod calendar;
mod count;
mod duration;
mod name;

use std::fmt;

use quote::ToTokens;
use syn::{Expr, Ident, Lit, LitInt, LitStr, Path, UnOp};

pub(crate) use self::count::Bounds;
use self::count::count;
use self::duration::duration;
pub(crate) use self::duration::is_number;
use crate::errors::{Errors, join, nearest};

/// What may stand behind the `=` of an option; shown as the end of a sentence.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A duration above zero, or one of these words.
    Period(&'static [&'static str]),
    /// A duration, or one of these words.
    Delay(&'static [&'static str]),
    /// One duration, or two.
    Backoff,
    /// One cron expression, or several.
    Cron,
    /// The name of a time zone.
    Zone,
    /// A value that implements `Recurrence`.
    Schedule,
    Word(&'static [&'static str]),
    Missed,
    /// A whole number, at least this.
    Count(u32),
    Priority,
    Scope,
    Flag,
    Guard,
    Name,
    Queue,
    Companion,
    Crate,
}

/// Which `const fn` of the runtime judges a text.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    Period,
    Delay,
    Backoff,
    Cron,
    Zone,
    Queue,
    Cluster,
}

/// A value of the right shape.
pub(crate) enum Value {
    /// A word or a name, judged already.
    Text(LitStr),
    /// A text for the runtime to judge.
    Unjudged(LitStr, Check),
    /// Cron expressions, for the runtime to judge: those of a list that are texts.
    Cron(Vec<LitStr>),
    /// A duration as a `const` expression.
    Computed(Expr, Check),
    /// A count written out.
    Count(LitInt),
    /// A count as a `const` expression, and which it may be.
    ComputedCount(Expr, Bounds),
    Flag(Expr),
    Schedule(Expr),
    Guard(Guard),
    Companion(Ident),
    Crate(Path),
}

impl Value {
    /// The expression that stands for the value, if it is one.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Computed(expr, _)
            | Self::ComputedCount(expr, _)
            | Self::Flag(expr)
            | Self::Schedule(expr)
            | Self::Guard(Guard::Asked(expr) | Guard::Closure(expr)) => Some(expr),
            Self::Text(_)
            | Self::Unjudged(..)
            | Self::Cron(_)
            | Self::Count(_)
            | Self::Companion(_)
            | Self::Crate(_) => None,
        }
    }
}

/// A condition; what it takes and gives is found out by the runtime's traits, but a closure needs a signature.
pub(crate) enum Guard {
    /// A path, or a closure that takes nothing.
    Asked(Expr),
    /// `|cx| …`, `async` or not.
    Closure(Expr),
}

const MISSED: &[&str] = &["one", "skip", "all", "all(20)"];
const SCOPES: &[&str] = &["process", "cluster"];

/// The value, or `None` and a mistake noted.
pub(crate) fn read(name: &str, kind: Kind, written: Expr, errors: &mut Errors) -> Option<Value> {
    let expr = bare(written);
    match kind {
        Kind::Period(words) => duration(name, kind, words, Check::Period, expr, errors),
        Kind::Delay(words) => duration(name, kind, words, Check::Delay, expr, errors),
        Kind::Backoff => duration(name, kind, &[], Check::Backoff, expr, errors),
        Kind::Cron => calendar::cron(name, kind, &expr, errors),
        Kind::Zone => calendar::zone(name, kind, &expr, errors),
        Kind::Schedule => calendar::schedule(name, kind, expr, errors),
        Kind::Word(words) => word(name, kind, words, &expr, errors),
        Kind::Missed => missed(name, kind, &expr, errors),
        Kind::Count(least) => count(name, kind, Bounds::From(least), expr, errors),
        Kind::Priority => count(name, kind, Bounds::Priority, expr, errors),
        Kind::Scope => scope(name, kind, &expr, errors),
        Kind::Flag => flag(name, kind, expr, errors),
        Kind::Guard => guard(name, kind, expr, errors),
        Kind::Name => name::job(name, kind, &expr, errors),
        Kind::Queue => name::queue(name, kind, &expr, errors),
        Kind::Companion => companion(name, kind, &expr, errors),
        Kind::Crate => krate(name, kind, &expr, errors),
    }
}

fn in_quotes(name: &str, text: &str) -> String {
    format!("`{name}` is written in quotes: `\"{text}\"`")
}

fn word(name: &str, kind: Kind, words: &[&str], expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let Some(text) = string(expr) else {
        return unquoted_word(name, kind, words, expr, errors);
    };
    if words.contains(&text.value().as_str()) {
        return Some(Value::Text(text));
    }
    unknown_word(name, kind, words, &text, errors)
}

/// `ignore` and `Overlap::Ignore` are meant as words.
fn unquoted_word(name: &str, kind: Kind, words: &[&str], expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let last = as_path(expr).and_then(|path| path.segments.last()).map(|last| last.ident.to_string());
    let Some(word) = last.and_then(|last| nearest(&last, words)) else {
        return refuse(name, kind, expr, errors);
    };
    errors.at(expr, in_quotes(name, word));
    None
}

fn unknown_word(name: &str, kind: Kind, words: &[&str], text: &LitStr, errors: &mut Errors) -> Option<Value> {
    let written = text.value();
    let meant = nearest(&written, words);
    let advice = meant.map_or_else(|| format!(": {kind}"), |word| format!(", did you mean `\"{word}\"`?"));
    errors.at(text, format!("`{name}` has no value `\"{written}\"`{advice}"));
    None
}

/// Whether there is a store that nodes could share is for the runtime to say.
fn scope(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let Value::Text(text) = word(name, kind, SCOPES, expr, errors)? else { return None };
    Some(if text.value() == "cluster" { Value::Unjudged(text, Check::Cluster) } else { Value::Text(text) })
}

fn missed(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    if let Expr::Call(call) = expr {
        errors.at(call, in_quotes(name, &call.to_token_stream().to_string().replace(' ', "")));
        return None;
    }
    let Some(text) = string(expr) else {
        return word(name, kind, MISSED, expr, errors);
    };
    let value = text.value();
    let Some(newest) = value.strip_prefix("all(").and_then(|rest| rest.strip_suffix(')')) else {
        return word(name, kind, MISSED, expr, errors);
    };
    if newest.starts_with('+') || newest.parse::<u32>().map_or(true, |newest| newest == 0) {
        errors.at(&text, "`all(…)` takes a whole number of at least 1, as in `\"all(20)\"`");
        return None;
    }
    Some(Value::Text(text))
}

fn flag(name: &str, kind: Kind, expr: Expr, errors: &mut Errors) -> Option<Value> {
    let plausible = matches!(literal(&expr), None | Some(Lit::Bool(_)));
    if !plausible || matches!(expr, Expr::Range(_) | Expr::Closure(_)) {
        return refuse(name, kind, &expr, errors);
    }
    Some(Value::Flag(expr))
}

fn guard(name: &str, kind: Kind, expr: Expr, errors: &mut Errors) -> Option<Value> {
    if matches!(expr, Expr::Path(_)) {
        return Some(Value::Guard(Guard::Asked(expr)));
    }
    if let Expr::Call(call) = &expr {
        let sentence =
            "`when` is asked at each tick: write the guard without calling it, or a closure such as `|cx| …`";
        errors.at(call, sentence);
        return None;
    }
    let Expr::Closure(closure) = &expr else {
        return refuse(name, kind, &expr, errors);
    };
    if let Some(second) = closure.inputs.iter().nth(1) {
        errors.at(second, "a guard takes nothing or `&Context`, this parameter is one too many");
        return None;
    }
    let kind_of = if closure.inputs.is_empty() { Guard::Asked } else { Guard::Closure };
    Some(Value::Guard(kind_of(expr)))
}

fn companion(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let Some(ident) = as_path(expr).and_then(Path::get_ident) else {
        return refuse(name, kind, expr, errors);
    };
    Some(Value::Companion(ident.clone()))
}

fn krate(name: &str, kind: Kind, expr: &Expr, errors: &mut Errors) -> Option<Value> {
    let quoted = string(expr).and_then(|text| text.parse_with(Path::parse_mod_style).ok());
    let Some(path) = quoted.or_else(|| as_path(expr).cloned()) else {
        return refuse(name, kind, expr, errors);
    };
    Some(Value::Crate(path))
}

fn refuse(name: &str, kind: Kind, value: impl ToTokens, errors: &mut Errors) -> Option<Value> {
    errors.at(value, format!("`{name}` has no such value: {kind}"));
    None
}

/// Without parentheses and without the invisible groups of a `macro_rules!` fragment.
pub(crate) fn bare(mut expr: Expr) -> Expr {
    while matches!(expr, Expr::Group(_) | Expr::Paren(_)) {
        if let Expr::Group(group) = expr {
            expr = *group.expr;
        } else if let Expr::Paren(paren) = expr {
            expr = *paren.expr;
        }
    }
    expr
}

fn literal(expr: &Expr) -> Option<&Lit> {
    if let Expr::Lit(literal) = expr { Some(&literal.lit) } else { None }
}

fn string(expr: &Expr) -> Option<LitStr> {
    if let Lit::Str(text) = literal(expr)? { Some(text.clone()) } else { None }
}

pub(crate) fn as_path(expr: &Expr) -> Option<&Path> {
    if let Expr::Path(path) = expr { path.qself.is_none().then_some(&path.path) } else { None }
}

fn is_negative(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)))
}

impl Kind {
    pub(crate) fn is_duration(self) -> bool {
        matches!(self, Self::Period(_) | Self::Delay(_) | Self::Backoff)
    }

    pub(crate) fn is_cron(self) -> bool {
        matches!(self, Self::Cron)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DURATION: &str = "a duration is written like `\"10m\"`, or as a `const` `Duration`";
        match self {
            Self::Period([]) | Self::Delay([]) => f.write_str(DURATION),
            Self::Period(words) | Self::Delay(words) => write!(f, "{DURATION}; else write {}", quoted(words)),
            Self::Backoff => {
                f.write_str("write `\"1s..5m\"` for growing delays, `\"10s\"` or a `const` `Duration` for equal ones")
            }
            Self::Cron => f.write_str(
                "write a cron expression such as `\"30 2 * * *\"`, or several as `[\"0 9 * * *\", \"0 12 * * SAT\"]`",
            ),
            Self::Zone => f.write_str("write the name of a time zone such as `\"Europe/Berlin\"`"),
            Self::Schedule => f.write_str("write an expression of a type that implements `Recurrence`"),
            Self::Word(words) => write!(f, "write {}", quoted(words)),
            Self::Missed => write!(f, "write {}", quoted(MISSED)),
            Self::Count(_) => f.write_str("write a whole number such as `3`, or a `const` `u32`"),
            Self::Priority => f.write_str("write a number from 0, the most urgent, to 9, or a `const` `u32`"),
            Self::Scope => write!(f, "write {}", quoted(SCOPES)),
            Self::Flag => f.write_str("write `true`, `false` or an expression that is a `bool`"),
            Self::Guard => {
                f.write_str("write the path of a function such as `is_leader`, or a closure such as `|cx| …`")
            }
            Self::Name => f.write_str("write a string such as `\"purge_sessions\"`"),
            Self::Queue => f.write_str("write a string such as `\"mail\"`"),
            Self::Companion => f.write_str("write an identifier such as `PurgeSessions`"),
            Self::Crate => f.write_str("write a path such as `my_jobs::job_runtime`"),
        }
    }
}

/// Words as they stand in the attribute, with their quotes.
fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    join(&quoted.iter().map(String::as_str).collect::<Vec<_>>(), "or")
}
