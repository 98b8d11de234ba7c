//! The one expression that tells the runtime about the job: where it is, what it wants, how to run it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{Job, Stretch, at, count, duration, local, ours};
use crate::attr::{Guard, Opt, Value};
use crate::item::Param;

pub(super) fn registration(job: &Job<'_>) -> TokenStream {
    let krate = job.krate(Span::call_site());
    let (name, companion, definition) = (job.function.name(), job.companion(), local("job"));
    let options = job.options.iter().filter_map(|option| setter(job, option));
    let (wants, run) = (wants(job), run(job));
    quote! {
        #krate::__private::inventory::submit! {
            #krate::__private::Registration::periodic(
                #krate::__private::Place::new(#name, ::core::module_path!(), ::core::file!(), ::core::line!()),
                #krate::__private::companion::<#companion>,
                |#definition| #definition #(#options)* #wants #run,
            )
        }
    }
}

/// `.text("every", "10m")` and its like.
fn setter(job: &Job<'_>, option: &Opt) -> Option<TokenStream> {
    let name = option.name;
    Some(match option.value.as_ref()? {
        Value::Text(text) | Value::Duration(text, _) => quote!(.text(#name, #text)),
        Value::Computed(expr, _) => {
            let value = duration(expr);
            quote!(.duration(#name, #value))
        }
        Value::Count(number) => quote!(.number(#name, #number)),
        Value::ComputedCount(expr) => {
            let value = count(expr);
            quote!(.number(#name, #value))
        }
        Value::Flag(expr) => quote_spanned!(at(expr.span())=> .flag(#name, #expr)),
        Value::Guard(guard) => condition(job, guard),
        Value::Companion(_) | Value::Crate(_) => return None,
    })
}

fn condition(job: &Job<'_>, guard: &Guard) -> TokenStream {
    let (Guard::Asked(expr) | Guard::Closure(expr) | Guard::AsyncClosure(expr)) = guard;
    let (cx, stretch) = (local("cx"), Stretch::of(expr));
    let krate = job.krate(stretch.first);
    let private = |name: &str, arguments: TokenStream| {
        let name = Ident::new(name, stretch.first);
        stretch.call(&quote_spanned!(stretch.first=> #krate::__private::#name), arguments)
    };
    let context = quote_spanned!(stretch.last=> &#cx);
    let asked = match guard {
        Guard::Asked(_) => private("ask", quote_spanned!(stretch.first=> &#expr, #context)),
        Guard::Closure(_) => stretch.call(&private("takes_context", quote!(#expr)), context),
        Guard::AsyncClosure(_) => stretch.call(&private("takes_context_async", quote!(#expr)), context),
    };
    let answer = private("answer", asked);
    quote_spanned! {stretch.first=>
        .guard(|#cx| ::std::boxed::Box::pin(async move { #answer.await }))
    }
}

/// What the function wants to be given.
fn wants(job: &Job<'_>) -> TokenStream {
    let needs = job.function.params().filter_map(|param| match param {
        Param::Shared(ty) => Some(wish("needs", ty, TokenStream::new(), Stretch::of(ty))),
        Param::State(_) | Param::Argument(_) => None,
    });
    let state = job.function.state().map(|state| wish("state", state, default_state(job, state), Stretch::of(state)));
    let arguments = job.is_template().then(|| {
        let (types, stretch) = job.arguments();
        wish("args", &types, TokenStream::new(), stretch)
    });
    quote!(#(#needs)* #state #arguments)
}

/// `.needs::<Type>()` and its like.
fn wish(method: &str, ty: &impl ToTokens, value: TokenStream, stretch: Stretch) -> TokenStream {
    let method = Ident::new(method, stretch.first);
    stretch.call_with(&quote_spanned!(stretch.first=> .#method), &ty.to_token_stream(), value)
}

fn default_state(job: &Job<'_>, state: &Type) -> TokenStream {
    let span = Stretch::of(state).first;
    let krate = job.krate(span);
    quote_spanned! {span=> {
        use #krate::__private::state::{WithDefault as _, WithoutDefault as _};
        (&#krate::__private::state::Probe::<#state>::new()).maker()
    }}
}

fn run(job: &Job<'_>) -> TokenStream {
    let input = local("input");
    let steps = steps(job, &input);
    let span = at(job.function.sig.ident.span());
    if job.function.is_async() {
        quote_spanned!(span=> .run(|#input| ::std::boxed::Box::pin(async move { #steps })))
    } else {
        quote_spanned!(span=> .run_blocking(|#input| { #steps }))
    }
}

/// Takes the input apart, calls the function, and gives back the state.
fn steps(job: &Job<'_>, input: &Ident) -> TokenStream {
    let (shared, state, output) = (local("shared"), local("state"), local("output"));
    let (state_type, arguments) = (job.state(), job.arguments().0);
    let names = (0..job.function.arguments().count()).map(|index| local(&format!("a{index}")));
    let mutable = job.function.state().map(|_| quote!(mut));
    let call = call(job, &shared, &state);
    let (returned, place) = job.output();
    let allow = allow_deprecated(job);
    let report = Ident::new("end", place.first);
    let end = place.call_with(
        &quote_spanned!(place.first=> #shared.#report),
        &quote!(#returned, #state_type),
        quote!(#output, #state),
    );
    quote_spanned! {at(job.function.sig.ident.span())=>
        let (#shared, #mutable #state, (#(#names,)*)) = #input.split::<#state_type, #arguments>();
        #allow
        let #output = #call;
        #end
    }
}

fn call(job: &Job<'_>, shared: &Ident, state: &Ident) -> TokenStream {
    let function = ours(&job.function.sig.ident);
    let mut names = (0..).map(|index| local(&format!("a{index}")));
    let values = job.function.params().map(|param| match param {
        Param::Shared(ty) => {
            let stretch = Stretch::of(ty);
            stretch.call_with(&quote_spanned!(stretch.first=> #shared.get), &ty.to_token_stream(), TokenStream::new())
        }
        Param::State(ty) => quote_spanned!(Stretch::of(ty).first=> #state.get()),
        Param::Argument(_) => names.next().into_token_stream(),
    });
    let values: Vec<TokenStream> = values.collect();
    let wait = job.function.is_async().then(|| quote_spanned!(function.span()=> .await));
    quote_spanned!(function.span()=> #function(#(#values),*) #wait)
}

/// A job may be deprecated for those who call it; the runtime does not mind.
fn allow_deprecated(job: &Job<'_>) -> Option<TokenStream> {
    let deprecated = job.function.attrs.iter().any(|attribute| attribute.path().is_ident("deprecated"));
    deprecated.then(|| quote!(#[allow(deprecated)]))
}
