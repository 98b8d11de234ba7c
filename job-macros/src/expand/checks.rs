//! What must be constant: a `const` for each literal and each expression, where the compiler says what is wrong.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, LitStr};

use super::Job;
use super::place::{Stretch, at, local};
use crate::attr::{Check, Value};

/// Reads each duration, cron expression and time zone that is written out.
pub(super) fn literals(job: &Job<'_>) -> TokenStream {
    let values = job.options.iter().filter_map(|option| option.value.as_ref());
    let checks = values.map(|value| {
        if let Value::Cron(texts) = value {
            return texts.iter().map(|text| literal(job, text, Check::Cron)).collect();
        }
        if let Value::Unjudged(text, check) = value { literal(job, text, *check) } else { TokenStream::new() }
    });
    checks.collect()
}

fn literal(job: &Job<'_>, text: &LitStr, check: Check) -> TokenStream {
    let span = at(text.span());
    let private = job.private(span);
    match check {
        Check::Period => {
            quote_spanned!(span=> const _: ::core::time::Duration = #private::period(#text);)
        }
        Check::Delay => {
            quote_spanned!(span=> const _: ::core::time::Duration = #private::duration(#text);)
        }
        Check::Backoff => {
            quote_spanned!(span=> const _: () = #private::check_backoff(#text);)
        }
        Check::Cron => {
            quote_spanned!(span=> const _: () = #private::check_cron(#text);)
        }
        Check::Zone => {
            quote_spanned!(span=> const _: () = #private::check_zone(#text);)
        }
    }
}

/// Holds the value of each expression. It stands here and nowhere else, since what is wrong with it would be told
/// twice.
pub(super) fn constants(job: &Job<'_>) -> TokenStream {
    let values = job.options.iter().filter_map(|option| Some((option.name, option.value.as_ref()?)));
    let constants = values.filter_map(|(option, value)| {
        if let Value::Computed(expr, check) = value {
            return Some(duration(job, option, expr, *check));
        }
        if let Value::ComputedCount(expr, least) = value { Some(count(job, option, expr, *least)) } else { None }
    });
    constants.collect()
}

fn duration(job: &Job<'_>, option: &str, expr: &Expr, check: Check) -> TokenStream {
    let (stretch, name) = (Stretch::of(expr), job.constant(option));
    let ty = quote_spanned!(stretch.first=> ::core::time::Duration);
    let constant = constant(&name, &ty, expr);
    if matches!(check, Check::Delay | Check::Backoff) {
        return constant;
    }
    let private = job.private(stretch.first);
    let checked = if option == "every" {
        quote_spanned!(stretch.first=> #private::every_value)
    } else {
        quote_spanned!(stretch.first=> #private::period_value)
    };
    let checked = stretch.call(&checked, name.into_token_stream());
    quote_spanned!(stretch.first=> #constant const _: #ty = #checked;)
}

fn count(job: &Job<'_>, option: &str, expr: &Expr, least: u32) -> TokenStream {
    let (stretch, name) = (Stretch::of(expr), job.constant(option));
    let constant = constant(&name, &quote_spanned!(stretch.first=> ::core::primitive::u32), expr);
    let judged = at_least(option, least, &name, stretch);
    let judged = judged.map(|judged| quote_spanned!(stretch.first=> const _: () = #judged;));
    quote_spanned!(stretch.first=> #constant #judged)
}

/// Refuses a count that is too small.
pub(super) fn at_least(option: &str, least: u32, count: &Ident, stretch: Stretch) -> Option<TokenStream> {
    let sentence = format!("`{option}` is at least {least}").into_token_stream();
    let panic = stretch.call(&quote_spanned!(stretch.first=> ::core::panic!), sentence);
    (least > 0).then(|| quote_spanned!(stretch.first=> if #count < #least { #panic }))
}

fn constant(name: &Ident, ty: &TokenStream, expr: &Expr) -> TokenStream {
    let value = local("value");
    quote_spanned!(Stretch::of(expr).first=> const #name: #ty = { let #value: #ty = #expr; #value };)
}
