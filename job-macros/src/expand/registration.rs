//! The one expression that tells the runtime about the job: where it is, what it wants, how to run it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Type};

use super::place::{Stretch, at, local, ours, written_at};
use super::role::Role;
use super::{Job, arguments};
use crate::attr::{Guard, Opt, Value};
use crate::flavour::Flavour;
use crate::item::Param;

/// The function is called only where it can be.
pub(super) fn registration(job: &Job<'_>, callable: bool) -> TokenStream {
    let private = job.private(Span::call_site());
    let (name, companion, definition) = (job.function.name(), job.companion(), local("job"));
    let flavour = job.flavour.ident(Span::call_site());
    let options = job.options.iter().filter_map(|option| setter(job, option));
    let (wants, run) = (wants(job), if callable { run(job) } else { question(job) });
    quote! {
        #private::inventory::submit! {
            #private::Registration::#flavour(
                #private::Place::new(#name, ::core::module_path!(), ::core::file!(), ::core::line!()),
                #private::companion::<#companion>,
                |#definition| #definition #(#options)* #wants #run,
            )
        }
    }
}

/// `.text("every", "10m")` and its like.
fn setter(job: &Job<'_>, option: &Opt) -> Option<TokenStream> {
    let name = option.name;
    Some(match option.value.as_ref()? {
        Value::Text(text) | Value::Unjudged(text, _) => quote!(.text(#name, #text)),
        Value::Cron(texts) => {
            let text = in_one(texts);
            quote!(.text(#name, #text))
        }
        Value::Schedule(expr) => timetable(job, expr),
        Value::Computed(..) => {
            let value = job.constant(name);
            quote!(.duration(#name, #value))
        }
        Value::Count(number) => quote!(.number(#name, #number)),
        Value::ComputedCount(..) => {
            let value = job.constant(name);
            quote!(.number(#name, #value))
        }
        Value::Flag(expr) => {
            let (span, value) = (at(expr.span()), local("value"));
            let ty = quote_spanned!(span=> ::core::primitive::bool);
            quote_spanned!(span=> .flag(#name, { let #value: #ty = #expr; #value }))
        }
        Value::Guard(guard) => condition(job, guard),
        Value::Companion(_) | Value::Crate(_) => return None,
    })
}

/// Cron expressions in one text, as the runtime reads them.
fn in_one(texts: &[LitStr]) -> LitStr {
    let each: Vec<String> = texts.iter().map(LitStr::value).collect();
    LitStr::new(&each.join(";"), texts.first().map_or_else(Span::call_site, LitStr::span))
}

fn timetable(job: &Job<'_>, expr: &Expr) -> TokenStream {
    let stretch = Stretch::of(expr);
    let private = job.private(stretch.first);
    let timetable = stretch.call(&quote_spanned!(stretch.first=> #private::Timetable::of), expr.to_token_stream());
    quote_spanned!(stretch.first=> .schedule(|| #timetable))
}

fn condition(job: &Job<'_>, guard: &Guard) -> TokenStream {
    let (Guard::Asked(expr) | Guard::Closure(expr)) = guard;
    let (cx, stretch) = (local("cx"), Stretch::of(expr));
    let private = job.private(stretch.first);
    let call = |name: &str, arguments: TokenStream| {
        let name = Ident::new(name, stretch.first);
        stretch.call(&quote_spanned!(stretch.first=> #private::#name), arguments)
    };
    let context = quote_spanned!(stretch.last=> &#cx);
    let asked = match guard {
        Guard::Asked(_) => call("ask", quote_spanned!(stretch.first=> &#expr, #context)),
        Guard::Closure(_) => call("ask_closure", quote_spanned!(stretch.first=> #expr, #context)),
    };
    let answer = call("answer", asked);
    quote_spanned! {stretch.first=>
        .guard(|#cx| ::std::boxed::Box::pin(async move { #answer.await }))
    }
}

/// What the function wants to be given.
fn wants(job: &Job<'_>) -> TokenStream {
    let needs = job.function.params().filter_map(|param| match param {
        Param::Shared(ty) => Some(Stretch::of(ty).wish("needs", &Role::Data.item(job, ty, "Kept"), TokenStream::new())),
        Param::State(_) | Param::Argument(_) => None,
    });
    let state = job
        .function
        .state()
        .map(|state| Stretch::of(state).wish("state", &Role::State.item(job, state, "Kept"), first_state(job, state)));
    let arguments = arguments::wanted(job);
    quote!(#(#needs)* #state #arguments)
}

fn first_state(job: &Job<'_>, state: &Type) -> TokenStream {
    let span = Stretch::of(state).first;
    let private = job.private(span);
    let answer = quote_spanned! {span=>
        use #private::state::{WithDefault as _, WithoutDefault as _};
        (&#private::state::Probe::<#state>::new()).ask()
    };
    Role::State.call(job, state, "first", written_at(state, Delimiter::Brace, answer))
}

fn run(job: &Job<'_>) -> TokenStream {
    let input = local("input");
    let (parts, steps) = (parts(job, &input), steps(job));
    let span = at(job.function.sig.ident.span());
    // Taken apart before, since what a future is given and what it makes of that both take room in it.
    if job.function.is_async() {
        quote_spanned!(span=> .run(|#input| { #parts ::std::boxed::Box::pin(async move { #steps }) }))
    } else {
        quote_spanned!(span=> .run_blocking(|#input| { #parts #steps }))
    }
}

/// Asks about what a function returns that cannot be called.
fn question(job: &Job<'_>) -> TokenStream {
    let answer = Role::Output.item(job, &job.output().0, "judge");
    quote!(.run_blocking(|_| { let _ = #answer; ::core::unreachable!() }))
}

/// Takes the input apart.
fn parts(job: &Job<'_>, input: &Ident) -> TokenStream {
    let (shared, state) = (local("shared"), local("state"));
    let state_type = if job.function.state().is_some() { quote!(_) } else { quote!(()) };
    let names = (0..job.function.arguments().count()).map(|index| local(&format!("a{index}")));
    let mutable = job.function.state().map(|_| quote!(mut));
    let span = at(job.function.sig.ident.span());
    let parts = Ident::new(if job.flavour == Flavour::Job { "open" } else { "split" }, span);
    quote_spanned!(span=> let (#shared, #mutable #state, (#(#names,)*)) = #input.#parts::<#state_type, _>();)
}

/// Calls the function, and gives back the state.
fn steps(job: &Job<'_>) -> TokenStream {
    let (shared, state, output) = (local("shared"), local("state"), local("output"));
    let call = call(job, &shared, &state);
    let returned = job.output().0;
    let allow = allow_deprecated(job);
    let end = Role::Output.call(job, &returned, "end", quote!(#output, #shared, #state));
    quote_spanned! {at(job.function.sig.ident.span())=>
        #allow
        let #output = #call;
        #end
    }
}

fn call(job: &Job<'_>, shared: &Ident, state: &Ident) -> TokenStream {
    let function = ours(&job.function.sig.ident);
    let mut indexes = 0..;
    let values = job.function.params().map(|param| match param {
        Param::Shared(ty) => Role::Data.call(job, ty, "get", quote!(&#shared)),
        Param::State(ty) => Role::State.call(job, ty, "lend", quote!(&mut #state)),
        Param::Argument(argument) => {
            let name = indexes.next().map(|index| local(&format!("a{index}")));
            job.argument().call(job, argument.ty(), "give", name.into_token_stream())
        }
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
