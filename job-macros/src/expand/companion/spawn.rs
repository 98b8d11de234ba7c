//! The functions of a job on demand that hand it to the runtime.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ReturnType;

use crate::expand::place::{Stretch, local};
use crate::expand::role::Role;
use crate::expand::{Job, arguments};

const REFUSED: &str = "when as many runs wait as `max_pending` allows, no runtime is there, or it is shutting down";

pub(super) fn functions(job: &Job<'_>) -> TokenStream {
    let (spawn, try_spawn) = (spawn(job), try_spawn(job));
    let (after, at) = (spawn_after(job), spawn_at(job));
    quote!(#spawn #try_spawn #after #at)
}

fn spawn(job: &Job<'_>) -> TokenStream {
    let doc = format!(
        "Runs `{}()` once: now, or as soon as a run that is on makes room. Awaiting the handle gives what it returns; \
         dropping the handle lets the run go on.\n\n\
         It never panics: a refusal ends the handle at once, as an error that says why. A run is refused {REFUSED}.",
        job.function.name()
    );
    function(job, "spawn", &doc, None)
}

fn spawn_after(job: &Job<'_>) -> TokenStream {
    let place = job.output().1;
    let (private, delay) = (job.private(place.first), local("delay"));
    let doc = format!(
        "Runs `{}()` once, when the delay is over: a text such as `\"5m\"`, or a `Duration`. A refusal comes out of \
         the handle, as from `spawn`.\n\n\
         # Panics\nWhen the text is not a duration, at the caller's place.",
        job.function.name()
    );
    let ty = quote_spanned!(place.first=> impl #private::IntoDuration);
    function(job, "spawn_after", &doc, Some((delay, ty)))
}

fn spawn_at(job: &Job<'_>) -> TokenStream {
    let (place, time) = (job.output().1, local("time"));
    let doc = format!(
        "Runs `{}()` once, at this time of the wall clock; now where that is past. A refusal comes out of the handle, \
         as from `spawn`.",
        job.function.name()
    );
    function(job, "spawn_at", &doc, Some((time, quote_spanned!(place.first=> ::std::time::SystemTime))))
}

/// One that gives a handle; what says when stands before the arguments.
fn function(job: &Job<'_>, name: &str, doc: &str, when: Option<(Ident, TokenStream)>) -> TokenStream {
    let (output, place) = job.output();
    let (private, vis, name) = (job.private(place.first), &job.function.vis, Ident::new(name, place.first));
    let (params, kept) = (arguments::parameters(job), arguments::kept(job));
    let (when, first) = when.map(|(when, ty)| (quote!(#when,), quote!(#when: #ty,))).unwrap_or_default();
    let function = quote_spanned!(place.first=> #private::control::#name);
    let call = place.call_with(&function, &generics(job), quote!(#when #kept));
    quote_spanned! {place.first=>
        #[doc = #doc]
        #[track_caller]
        #vis fn #name(#first #params) -> #private::JobHandle<#output> {
            #call
        }
    }
}

/// What is wrong with the output is found out here too, since its error stands in the signature: both type and call
/// lie as [`Role::item`] does.
fn try_spawn(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    let written = Stretch::written(&output);
    let (private, vis, error) = (job.private(written.first), &job.function.vis, error(job));
    let (params, kept) = (arguments::parameters(job), arguments::kept(job));
    let result = written.with(
        &quote_spanned!(written.first=> ::core::result::Result),
        &quote_spanned!(place.first=> #private::JobHandle<#output>, #private::RunError<#error>),
    );
    let function = quote_spanned!(written.first=> #private::control::try_spawn);
    let call = written.call_with(&function, &generics(job), kept);
    let doc = format!(
        "Runs `{}()` once, like `spawn`, and tells a refusal at once.\n\n\
         # Errors\nThe run is refused {REFUSED}.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #[track_caller]
        #vis fn try_spawn(#params) -> #result {
            #call
        }
    }
}

/// What a run fails with. It is not taken from the tokens of a `Result<T, E>`, since `Result` may be an alias for
/// anything.
fn error(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    match job.function.sig.output {
        ReturnType::Default => quote_spanned!(place.first=> ::core::convert::Infallible),
        ReturnType::Type(..) => Role::Output.item(job, &output, "Error"),
    }
}

/// What the runtime's functions are called with: the type beside the function, the arguments and the output.
fn generics(job: &Job<'_>) -> TokenStream {
    let output = Role::Output.item(job, &job.output().0, "Kept");
    quote!(Self, _, #output)
}
