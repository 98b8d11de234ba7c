//! The type beside the function: it has the function's name and visibility, and the functions that control the job.

mod enqueue;
mod spawn;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Attribute;

use super::place::{Stretch, at, local};
use super::role::Role;
use super::{Job, arguments};
use crate::flavour::Flavour;

/// The type and its functions.
///
/// The items of `glue` stand in the body of one of them: two items beside the function are the fewest that rustc has
/// to complain about inside an `impl`, where an attribute cannot see that it is.
pub(super) fn companion(job: &Job<'_>, glue: &TokenStream) -> TokenStream {
    let name = job.companion();
    let vis = &job.function.vis;
    let about = format!("Control of the {} `{}()`.", job.flavour.noun(), job.function.name());
    let (typed, common, allowed) = (typed(job), common(job, glue), job.function.attrs.iter().filter_map(allowed));
    quote_spanned! {at(name.span())=>
        // Where the name comes from a `macro_rules!`, lints take the type for the user's.
        #[allow(missing_debug_implementations, missing_copy_implementations)]
        #[doc = #about]
        #vis enum #name {}

        #(#allowed)*
        #[allow(clippy::missing_errors_doc)]
        impl #name {
            #typed
            #common
        }
    }
}

/// What the user lets pass in the function, such as many arguments, passes in those made of it.
fn allowed(attribute: &Attribute) -> Option<TokenStream> {
    let list = attribute.meta.require_list().ok()?;
    let lints = &list.tokens;
    (list.path.is_ident("allow") || list.path.is_ident("expect")).then(|| quote!(#[allow(#lints)]))
}

fn typed(job: &Job<'_>) -> TokenStream {
    let begin = match job.flavour {
        Flavour::Job if job.is_queued() => enqueue::functions(job),
        Flavour::Job => spawn::functions(job),
        Flavour::Periodic | Flavour::Service if job.is_template() => template(job),
        Flavour::Periodic => trigger(job, &job.output().0),
        Flavour::Service => TokenStream::new(),
    };
    let peek = job.function.state().map(|state| peek(job, &state.to_token_stream()));
    quote!(#begin #peek)
}

fn trigger(job: &Job<'_>, output: &TokenStream) -> TokenStream {
    let place = job.output().1;
    let (private, vis) = (job.private(place.first), &job.function.vis);
    let call = place.call_with(
        &quote_spanned!(place.first=> #private::control::trigger),
        &quote!(Self, #output),
        TokenStream::new(),
    );
    let (error, cancel) = if job.is_stored() {
        (", or the store did not answer", "When it is dropped after it was polled, there may be a run, or not")
    } else {
        ("", "It is done with the first poll; the run goes on without its handle")
    };
    let doc = format!(
        "Runs `{}()` once, as a tick would: through its guard and its overlap policy, also while it is paused.\n\n\
         # Errors\nWhen no runtime is there, or it is shutting down{error}.\n\n\
         # Cancel safety\n{cancel}.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #vis async fn trigger() -> #private::Result<#private::JobHandle<#output>> {
            #call.await
        }
    }
}

fn template(job: &Job<'_>) -> TokenStream {
    let (vis, name, span) = (&job.function.vis, job.function.name(), at(job.function.sig.ident.span()));
    let private = job.private(span);
    let (params, kept) = (arguments::parameters(job), arguments::kept(job));
    let start = format!(
        "Starts `{name}()` for these arguments; where a run that `stop` left is still on, as soon as it has ended.\n\n\
         # Errors\n\
         When it is started for them already, no runtime is there, or it is shutting down."
    );
    let stop = format!("Stops `{name}()` for these arguments; `false` when it was not started for them.");
    quote_spanned! {span=>
        #[doc = #start]
        #vis fn start(#params) -> #private::Result<()> {
            #private::control::start::<Self, _>(#kept)
        }

        #[doc = #stop]
        #vis fn stop(#params) -> ::core::primitive::bool {
            #private::control::stop::<Self, _>(#kept)
        }
    }
}

fn peek(job: &Job<'_>, state: &TokenStream) -> TokenStream {
    let (place, vis) = (Stretch::of(state), &job.function.vis);
    let (private, result, f) = (job.private(place.first), job.unused_name("T"), local("f"));
    let params = if job.is_template() { arguments::parameters(job) } else { TokenStream::new() };
    let call = peek_call(job, state, &result, &f);
    let doc = format!(
        "Reads the state of `{}()` between two runs; `None` before the first.\n\n\
         # Errors\nWhen no runtime is there, and in a run that holds the state itself.\n\n\
         # Cancel safety\nNothing is lost when it is dropped while it waits for the run that is on.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #vis async fn peek<#result>(
            #params #f: impl ::core::ops::FnOnce(&#state) -> #result
        ) -> #private::Result<::core::option::Option<#result>> {
            #call.await
        }
    }
}

fn peek_call(job: &Job<'_>, state: &TokenStream, result: &Ident, f: &Ident) -> TokenStream {
    let (span, kept) = (Stretch::of(state).first, local("kept"));
    let (private, kept_type) = (job.private(span), Role::State.item(job, state, "Kept"));
    let shown = Role::State.call(job, state, "show", kept.to_token_stream());
    let read = quote_spanned!(span=> move |#kept| #f(#shown));
    if job.is_template() {
        let arguments = arguments::kept(job);
        quote_spanned!(span=> #private::control::peek_at::<Self, _, #kept_type, #result>(#arguments, #read))
    } else {
        quote_spanned!(span=> #private::control::peek::<Self, #kept_type, #result>(#read))
    }
}

/// The contract of what waits for nothing.
const AT_ONCE: &str = "# Errors\nWhen no runtime is there.\n\n# Cancel safety\nIt is done with the first poll.";

/// The contract of what waits for a store.
const ASKED: &str = "# Errors\nWhen no runtime is there, or the store did not answer.\n\n\
                     # Cancel safety\nWhen it is dropped after it was polled, it may have been done, or not.";

fn common(job: &Job<'_>, glue: &TokenStream) -> TokenStream {
    let (vis, name, reason) = (&job.function.vis, job.function.name(), local("reason"));
    let span = at(job.function.sig.ident.span());
    let (private, is_job) = (job.private(span), is_job(job));
    let (pause, resume) = pause_and_resume(job, &name);
    let status = format!("What `{name}()` is doing, did last and will do next.\n\n{AT_ONCE}");
    quote_spanned! {span=>
        #[doc = #pause]
        #vis async fn pause(#reason: &::core::primitive::str) -> #private::Result<()> {
            #private::control::pause::<Self>(#reason).await
        }

        #[doc = #resume]
        #vis async fn resume() -> #private::Result<()> {
            #private::control::resume::<Self>().await
        }

        #[doc = #status]
        #vis async fn status() -> #private::Result<#private::JobInfo> {
            #glue
            #is_job
            #private::control::status::<Self>().await
        }
    }
}

/// What is said of the two.
fn pause_and_resume(job: &Job<'_>, name: &str) -> (String, String) {
    let (paused, resumed) = meanings(job);
    let (everywhere, again, contract) =
        if job.is_stored() { (" on all nodes, and over restarts", ", on all nodes", ASKED) } else { ("", "", AT_ONCE) };
    let reason = "Its status shows the reason.";
    (
        format!("Pauses `{name}()`{everywhere}: {paused} until it is resumed. {reason}\n\n{contract}"),
        format!("Lets `{name}()` {resumed}{again}.\n\n{contract}"),
    )
}

/// What a pause and its end mean.
fn meanings(job: &Job<'_>) -> (&'static str, &'static str) {
    match job.flavour {
        Flavour::Periodic => ("no tick starts a run", "tick again"),
        Flavour::Job if job.is_queued() => ("it stays in its queue, where more can be put in", "leave its queue again"),
        Flavour::Job => ("nothing that is spawned starts", "start what is spawned again"),
        Flavour::Service => (
            "it is asked to stop, and not started",
            "run again. One that gave up starts at once, with its budget of restarts as new",
        ),
    }
}

/// Lets the type be a member of a group. An `impl` in a body has a type of that body in its header, or else it counts
/// as one in the wrong place.
fn is_job(job: &Job<'_>) -> TokenStream {
    let (companion, own) = (job.companion(), job.unused_name("Own"));
    let span = at(job.function.sig.ident.span());
    let private = job.private(span);
    quote_spanned! {span=>
        {
            pub enum #own {}
            #[diagnostic::do_not_recommend]
            impl #private::IsJob<#own> for #companion {}
        }
    }
}
