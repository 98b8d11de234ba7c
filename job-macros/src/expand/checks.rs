//! What must be constant: a `const` for each literal and each expression, where the compiler says what is wrong.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, LitStr};

use super::Job;
use super::place::{Stretch, at, local};
use crate::attr::{Bounds, Check, Value};

/// Asks the runtime about each text that it judges.
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
    let (ty, judge) = match check {
        Check::Period => (quote_spanned!(span=> ::core::time::Duration), "period"),
        Check::Delay => (quote_spanned!(span=> ::core::time::Duration), "duration"),
        Check::Backoff => (quote_spanned!(span=> ()), "check_backoff"),
        Check::Cron => (quote_spanned!(span=> ()), "check_cron"),
        Check::Zone => (quote_spanned!(span=> ()), "check_zone"),
        Check::Queue => (quote_spanned!(span=> ()), "check_queue"),
        Check::Cluster => (quote_spanned!(span=> ()), "check_cluster"),
    };
    let judge = Ident::new(judge, span);
    quote_spanned!(span=> const _: #ty = #private::#judge(#text);)
}

/// Holds the value of each expression. It stands here and nowhere else, since what is wrong with it would be told
/// twice.
pub(super) fn constants(job: &Job<'_>) -> TokenStream {
    let values = job.options.iter().filter_map(|option| Some((option.name, option.value.as_ref()?)));
    let constants = values.filter_map(|(option, value)| {
        if let Value::Computed(expr, check) = value {
            return Some(duration(job, option, expr, *check));
        }
        if let Value::ComputedCount(expr, bounds) = value { Some(count(job, option, expr, *bounds)) } else { None }
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

fn count(job: &Job<'_>, option: &str, expr: &Expr, bounds: Bounds) -> TokenStream {
    let (stretch, name) = (Stretch::of(expr), job.constant(option));
    let constant = constant(&name, &quote_spanned!(stretch.first=> ::core::primitive::u32), expr);
    let judged = within(option, bounds, &name, stretch);
    let judged = judged.map(|judged| quote_spanned!(stretch.first=> const _: () = { #judged };));
    quote_spanned!(stretch.first=> #constant #judged)
}

/// Refuses a count that is too small, or too large.
pub(super) fn within(option: &str, bounds: Bounds, count: &Ident, stretch: Stretch) -> Option<TokenStream> {
    let refuse =
        |sentence: String| stretch.call(&quote_spanned!(stretch.first=> ::core::panic!), sentence.into_token_stream());
    let (least, most) = (bounds.least(), bounds.most());
    let small = (least > 0).then(|| {
        let panic = refuse(bounds.too_small(option));
        quote_spanned!(stretch.first=> if #count < #least { #panic })
    });
    let large = (most < u32::MAX).then(|| {
        let panic = refuse(bounds.too_large(option));
        quote_spanned!(stretch.first=> if #count > #most { #panic })
    });
    (small.is_some() || large.is_some()).then(|| quote_spanned!(stretch.first=> #small #large))
}

fn constant(name: &Ident, ty: &TokenStream, expr: &Expr) -> TokenStream {
    let value = local("value");
    quote_spanned!(Stretch::of(expr).first=> const #name: #ty = { let #value: #ty = #expr; #value };)
}
