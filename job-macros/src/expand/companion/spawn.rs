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
    let (private, vis, ident) = (job.private(place.first), &job.function.vis, Ident::new(name, place.first));
    let (params, kept) = (arguments::parameters(job), arguments::kept(job));
    let (when, first) = when.map(|(when, ty)| (quote!(#when,), quote!(#when: #ty,))).unwrap_or_default();
    let call = call(job, name, place, quote!(#when #kept));
    quote_spanned! {place.first=>
        #[doc = #doc]
        #[track_caller]
        #vis fn #ident(#first #params) -> #private::JobHandle<#output> {
            #call
        }
    }
}

fn try_spawn(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    let (vis, result) = (&job.function.vis, result(job));
    let (params, kept) = (arguments::parameters(job), arguments::kept(job));
    let call = call(job, "try_spawn", Stretch::written(&output), kept);
    let doc = format!(
        "Runs `{}()` once, like `spawn`, and tells a refusal at once.\n\n\
         # Errors\nThe run is refused {REFUSED}.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #[allow(clippy::type_complexity)]
        #[track_caller]
        #vis fn try_spawn(#params) -> #result {
            #call
        }
    }
}

/// The handle, or what it would end with. What is wrong with the output is found out here too, because of its error,
/// and once more in the call: all of it lies as [`Role::item`] does, which makes it the user's for lints.
fn result(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    let (written, private, error) = (Stretch::written(&output), job.private(place.first), error(job));
    let types = quote_spanned!(place.first=> #private::JobHandle<#output>, #private::RunError<#error>);
    written.with(&quote_spanned!(written.first=> ::core::result::Result), &types)
}

/// What a run fails with. It is not taken from the tokens of a `Result<T, E>`, since `Result` may be an alias for
/// anything.
fn error(job: &Job<'_>) -> TokenStream {
    let (output, place) = job.output();
    if matches!(job.function.sig.output, ReturnType::Default) {
        return quote_spanned!(place.first=> ::core::convert::Infallible);
    }
    let written = Stretch::written(&output);
    let private = job.private(written.first);
    written.with(&quote_spanned!(written.first=> #private::ErrorOf), &output)
}

/// Calls the runtime with the type beside the function, the arguments and the output.
fn call(job: &Job<'_>, name: &str, place: Stretch, arguments: TokenStream) -> TokenStream {
    let (private, name) = (job.private(place.first), Ident::new(name, place.first));
    let output = Role::Output.item(job, &job.output().0, "Kept");
    place.call_with(&quote_spanned!(place.first=> #private::control::#name), &quote!(Self, _, #output), arguments)
}
