//! The parameters by value: as parameters of `start` and its like, as what the runtime keeps, and how it is told.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;

use super::Job;
use super::place::{Stretch, at, ends, local, ours, written_at};
use super::role::Role;
use crate::flavour::Flavour;
use crate::item::Argument;

/// The function's arguments as parameters of `start` and its like, each with its comma.
pub(super) fn parameters(job: &Job<'_>) -> TokenStream {
    let (names, types) = (names(job), types(job));
    quote!(#(#names: #types,)*)
}

/// The parameters of `start` and its like as the tuple that the runtime keeps.
///
/// Its type is written before `keep` is: what is wrong with an argument is told of that first, and of `keep` no more,
/// where rustc might say other things, such as to borrow it.
pub(super) fn kept(job: &Job<'_>) -> TokenStream {
    let (tuple, ty, kept) = (local("kept"), kept_type(job), types(job).into_iter().zip(names(job)));
    let kept = kept.map(|(ty, name)| job.argument().call(job, ty, "keep", name.to_token_stream()));
    quote!({ let #tuple: #ty = (#(#kept,)*); #tuple })
}

/// The type of that tuple.
fn kept_type(job: &Job<'_>) -> TokenStream {
    let kept = types(job).into_iter().map(|ty| job.argument().item(job, ty, "Kept"));
    stretch(job).group(quote!(#(#kept,)*))
}

/// `.args::<(A,)>()` of a template, `.message::<(A,)>(…)` of a job on demand, which has one without arguments too.
pub(super) fn wanted(job: &Job<'_>) -> Option<TokenStream> {
    if job.is_queued() {
        return Some(read(job));
    }
    if job.flavour == Flavour::Job {
        return Some(stretch(job).wish("message", &kept_type(job), copy(job)));
    }
    job.is_template().then(|| stretch(job).wish("args", &kept_type(job), TokenStream::new()))
}

/// How the arguments are read for each attempt, of which none is copied for another.
fn read(job: &Job<'_>) -> TokenStream {
    let (stretch, kept, text) = (stretch(job), kept_type(job), local("text"));
    let (private, names) = (job.private(stretch.first), written_names(job));
    let message = stretch.wish("message", &kept, quote_spanned!(stretch.first=> ::core::option::Option::None));
    let read = quote_spanned!(stretch.first=> #private::control::read);
    let read = stretch.call_with(&read, &kept, quote!(#names, #text));
    quote_spanned!(stretch.first=> #message.wire(|#text| #read))
}

/// The names that the arguments are written by.
pub(super) fn written_names(job: &Job<'_>) -> TokenStream {
    let written = |(index, argument): (usize, Argument<'_>)| {
        argument.name().map_or_else(|| format!("a{index}"), |name| name.unraw().to_string())
    };
    let names = job.function.arguments().enumerate().map(written);
    quote!(&[#(#names),*])
}

/// One of those that several jobs are put into a queue with: the argument itself where there is one, else a tuple.
pub(super) fn item(job: &Job<'_>) -> TokenStream {
    alone_or_in_tuple(&types(job))
}

/// Takes it apart.
pub(super) fn pattern(job: &Job<'_>) -> TokenStream {
    alone_or_in_tuple(&names(job))
}

/// What it is, for people.
pub(super) fn item_in_words(job: &Job<'_>) -> String {
    let names: Vec<String> = job.function.arguments().filter_map(Argument::name).map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "`()`, as it has no arguments".to_owned(),
        [name] => format!("what `{name}` is to be"),
        several => format!("tuples `({})`", several.join(", ")),
    }
}

fn alone_or_in_tuple(parts: &[impl ToTokens]) -> TokenStream {
    if let [alone] = parts { alone.to_token_stream() } else { quote!((#(#parts),*)) }
}

/// How the arguments are copied for a further attempt, if they can be.
fn copy(job: &Job<'_>) -> TokenStream {
    let (types, kept, stretch) = (types(job), kept_type(job), stretch(job));
    let (private, taken) = (job.private(stretch.first), types.iter().map(|ty| taken(job, ty)));
    let repeated = types.iter().filter(|_| job.is_repeated()).map(|ty| repeated(job, ty));
    let copies = quote_spanned!(stretch.first=> #private::argument::copies);
    let copies = stretch.call_with(&copies, &kept, TokenStream::new());
    quote_spanned! {stretch.first=>
        {
            use #private::argument::{WithClone as _, WithoutClone as _};
            #(#taken)*
            #(#repeated)*
            (&#copies).ask()
        }
    }
}

/// Asks whether a type may be taken by value: the context could be sent like a message, but is none.
fn taken(job: &Job<'_>, ty: &Type) -> TokenStream {
    let last = ends(ty.to_token_stream()).1;
    let (asking, asked) = (job.private(last), job.private(at(last)));
    let answer = quote_spanned! {at(last)=>
        use #asked::argument::TakenByValue as _;
        (&#asked::argument::taken::<#ty>()).ask()
    };
    let answer = written_at(ty, Delimiter::Brace, answer);
    quote_spanned!(last=> #asking::argument::by_value(#answer);)
}

/// Asks whether a type can be copied, where it has to be.
fn repeated(job: &Job<'_>, ty: &Type) -> TokenStream {
    let repeated = Role::Repeated.item(job, ty, "Kept");
    quote_spanned!(Stretch::of(ty).first=> let _ = ::core::option::Option::<#repeated>::None;)
}

/// From the first argument to the last, or where there is none, the function's name.
fn stretch(job: &Job<'_>) -> Stretch {
    let types = types(job);
    if types.is_empty() { Stretch::of(&job.function.sig.ident) } else { Stretch::of(quote!(#(#types)*)) }
}

fn types<'j>(job: &Job<'j>) -> Vec<&'j Type> {
    job.function.arguments().map(Argument::ty).collect()
}

/// The user's names, and `a0`, `a1` … for patterns, and for names that only the hygiene of a macro tells apart.
fn names(job: &Job<'_>) -> Vec<Ident> {
    let mut names: Vec<Ident> = Vec::new();
    for (index, argument) in job.function.arguments().enumerate() {
        let name = argument.name().map(ours).filter(|name| !names.contains(name));
        names.push(name.unwrap_or_else(|| local(&format!("a{index}"))));
    }
    names
}
