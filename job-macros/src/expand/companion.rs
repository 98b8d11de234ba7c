//! The type beside the function: it has the function's name and visibility, and the functions that control the job.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Attribute;
use syn::ext::IdentExt;

use super::{Job, Stretch, at, local, ours};
use crate::item::plain_name;

/// The type and its functions; of an unsound signature only what does not depend on its types.
pub(super) fn companion(job: &Job<'_>, sound: bool) -> TokenStream {
    let name = job.companion();
    let vis = &job.function.vis;
    let about = format!("Control of the periodic job `{}()`.", job.function.name());
    let typed = if sound { typed(job) } else { trigger(job, &quote!(())) };
    let (common, allowed) = (common(job), job.function.attrs.iter().filter_map(allowed));
    quote_spanned! {at(name.span())=>
        #[doc = #about]
        #vis enum #name {}

        #(#allowed)*
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
    let begin = if job.is_template() { template(job) } else { trigger(job, &job.output().0) };
    let peek = job.function.state().map(|state| peek(job, &state.to_token_stream()));
    quote!(#begin #peek)
}

fn trigger(job: &Job<'_>, output: &TokenStream) -> TokenStream {
    let place = job.output().1;
    let (krate, vis) = (job.krate(place.first), &job.function.vis);
    let call = place.call_with(
        &quote_spanned!(place.first=> #krate::__private::control::trigger),
        &quote!(Self, #output),
        TokenStream::new(),
    );
    let doc = format!(
        "Runs `{}()` once, as a tick would: through its guard and its overlap policy, also while it is paused.\n\n\
         # Errors\nWhen no runtime is there, or it is shutting down.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #vis async fn trigger() -> #krate::Result<#krate::JobHandle<#output>> {
            #call.await
        }
    }
}

fn template(job: &Job<'_>) -> TokenStream {
    let ((arguments, place), vis, name) = (job.arguments(), &job.function.vis, job.function.name());
    let krate = job.krate(place.first);
    let (names, types) = (argument_names(job), job.function.arguments().map(|argument| &argument.ty));
    let params = quote!(#(#names: #types),*);
    let call = |function: &Ident| {
        let path = quote_spanned!(place.first=> #krate::__private::control::#function);
        place.call_with(&path, &quote!(Self, #arguments), quote!((#(#names,)*)))
    };
    let (to_start, to_stop) = (call(&Ident::new("start", place.first)), call(&Ident::new("stop", place.first)));
    let start = format!(
        "Starts `{name}()` for these arguments.\n\n# Errors\n\
         When it is started for them already, no runtime is there, or it is shutting down."
    );
    let stop = format!("Stops `{name}()` for these arguments; `false` when it was not started for them.");
    quote_spanned! {at(job.function.sig.ident.span())=>
        #[doc = #start]
        #vis fn start(#params) -> #krate::Result<()> {
            #to_start
        }

        #[doc = #stop]
        #vis fn stop(#params) -> ::core::primitive::bool {
            #to_stop
        }
    }
}

fn peek(job: &Job<'_>, state: &TokenStream) -> TokenStream {
    let (place, vis) = (Stretch::of(state), &job.function.vis);
    let (krate, result, f) = (job.krate(place.first), unused_name(job), local("f"));
    let (names, types) = (argument_names(job), job.function.arguments().map(|argument| &argument.ty));
    let call = peek_call(job, state, &result, &f);
    let doc = format!(
        "Reads the state of `{}()` between two runs; `None` before the first.\n\n\
         # Errors\nWhen no runtime is there, or it is shutting down.",
        job.function.name()
    );
    quote_spanned! {place.first=>
        #[doc = #doc]
        #vis async fn peek<#result>(
            #(#names: #types,)* #f: impl ::core::ops::FnOnce(&#state) -> #result
        ) -> #krate::Result<::core::option::Option<#result>> {
            #call.await
        }
    }
}

fn peek_call(job: &Job<'_>, state: &TokenStream, result: &Ident, f: &Ident) -> TokenStream {
    let (names, arguments, place) = (argument_names(job), job.arguments().0, Stretch::of(state));
    let krate = job.krate(place.first);
    let control = quote_spanned!(place.first=> #krate::__private::control);
    if job.is_template() {
        let types = quote!(Self, #arguments, #state, #result);
        place.call_with(&quote_spanned!(place.first=> #control::peek_at), &types, quote!((#(#names,)*), #f))
    } else {
        place.call_with(&quote_spanned!(place.first=> #control::peek), &quote!(Self, #state, #result), quote!(#f))
    }
}

fn common(job: &Job<'_>) -> TokenStream {
    let (vis, name, reason) = (&job.function.vis, job.function.name(), local("reason"));
    let krate = job.krate(at(job.function.sig.ident.span()));
    let pause = format!(
        "Pauses `{name}()`: no tick starts a run until it is resumed. Its status shows the reason.\n\n# Errors\nWhen no runtime is there."
    );
    let resume = format!("Lets `{name}()` tick again.\n\n# Errors\nWhen no runtime is there.");
    let status = format!("What `{name}()` is doing, did last and will do next.\n\n# Errors\nWhen no runtime is there.");
    quote_spanned! {at(job.function.sig.ident.span())=>
        #[doc = #pause]
        #vis async fn pause(#reason: &::core::primitive::str) -> #krate::Result<()> {
            #krate::__private::control::pause::<Self>(#reason).await
        }

        #[doc = #resume]
        #vis async fn resume() -> #krate::Result<()> {
            #krate::__private::control::resume::<Self>().await
        }

        #[doc = #status]
        #vis async fn status() -> #krate::Result<#krate::JobInfo> {
            #krate::__private::control::status::<Self>().await
        }
    }
}

/// The user's names, and `a0`, `a1` … for patterns, and for names that only the hygiene of a macro tells apart.
fn argument_names(job: &Job<'_>) -> Vec<Ident> {
    let mut names: Vec<Ident> = Vec::new();
    for (index, argument) in job.function.arguments().enumerate() {
        let name = plain_name(argument).map(ours).filter(|name| !names.contains(name));
        names.push(name.unwrap_or_else(|| local(&format!("a{index}"))));
    }
    names
}

/// A type parameter knows no hygiene: `T`, unless the signature says `T`.
fn unused_name(job: &Job<'_>) -> Ident {
    let mut used = Vec::new();
    collect_names(job.function.sig.to_token_stream(), &mut used);
    collect_names(job.krate(Span::call_site()), &mut used);
    let candidates = (1..).map(|number| format_ident!("T{number}"));
    let free = std::iter::once(format_ident!("T")).chain(candidates).find(|name| !used.contains(name));
    free.unwrap_or_else(|| local("T"))
}

fn collect_names(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        if let proc_macro2::TokenTree::Ident(ident) = &token {
            names.push(ident.unraw());
        } else if let proc_macro2::TokenTree::Group(group) = token {
            collect_names(group.stream(), names);
        }
    }
}
