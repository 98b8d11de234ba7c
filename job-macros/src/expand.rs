//! Glue only: the type beside the function, checks of the literals, and one expression that calls the runtime.

mod companion;
mod registration;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, LitStr, ReturnType, Type};

use crate::attr::{Check, Options, Value};
use crate::errors::Errors;
use crate::item::Function;
use crate::valid;

/// What `#[periodic(attr)] item` becomes.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(attr, &mut errors);
    let Some(mut function) = Function::read(item.clone(), &mut errors) else {
        return alone(item, &errors);
    };
    let before = errors.count();
    valid::function(&mut function, &mut errors);
    let sound = errors.count() == before;
    valid::options(&options, &function, &mut errors);
    // Inside an `impl`, whence `self` comes, none of the items beside the function may stand.
    if function.sig.receiver().is_some() {
        return quote!(#function #errors);
    }
    let job = Job { options: &options, function: &function };
    let checks = checks(&job);
    let companion = companion::companion(&job, sound);
    let registration = errors.is_empty().then(|| registration::registration(&job));
    quote!(#function #companion #checks #registration #errors)
}

/// An item that no job can be made of.
fn alone(mut item: TokenStream, errors: &Errors) -> TokenStream {
    errors.to_tokens(&mut item);
    item
}

/// What all the glue is made of.
struct Job<'j> {
    options: &'j Options,
    function: &'j Function,
}

impl Job<'_> {
    /// The path of the runtime crate.
    fn krate(&self, span: Span) -> TokenStream {
        self.options.krate().map_or_else(|| quote_spanned!(span=> ::job_runtime), ToTokens::to_token_stream)
    }

    /// The companion's name: looked up where the function stands, but written by us as far as lints go.
    fn companion(&self) -> Ident {
        let name = self.options.companion().unwrap_or(&self.function.sig.ident);
        ours(name)
    }

    /// The by-value parameters as one tuple type, and where their types are written.
    fn arguments(&self) -> (TokenStream, Stretch) {
        let types: Vec<&Type> = self.function.arguments().map(|argument| &*argument.ty).collect();
        let stretch = Stretch::of(quote!(#(#types)*));
        let tuple = stretch.group(quote!(#(#types,)*));
        (tuple, stretch)
    }

    fn is_template(&self) -> bool {
        self.function.arguments().next().is_some()
    }

    /// What the function returns, and where that is written.
    fn output(&self) -> (TokenStream, Stretch) {
        match &self.function.sig.output {
            ReturnType::Default => (quote!(()), Stretch::of(&self.function.sig.ident)),
            ReturnType::Type(_, ty) => (ty.to_token_stream(), Stretch::of(ty)),
        }
    }

    /// The type of the state; `()` where there is none.
    fn state(&self) -> TokenStream {
        self.function.state().map_or_else(|| quote!(()), ToTokens::to_token_stream)
    }
}

/// The place of the user's token, the meaning and the lints of our own.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

fn ours(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(at(ident.span()));
    ident
}

/// A name that cannot meet one of the user's.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Where the user's tokens begin and end: stable Rust cannot join two spans, but glue whose first token lies at the
/// one and whose last at the other is underlined like the tokens themselves.
#[derive(Clone, Copy)]
struct Stretch {
    first: Span,
    last: Span,
}

impl Stretch {
    fn of(tokens: impl ToTokens) -> Self {
        let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first: at(first), last: at(spans.last().unwrap_or(first)) }
    }

    /// `(tokens)`
    fn group(self, tokens: TokenStream) -> TokenStream {
        let mut group = Group::new(Delimiter::Parenthesis, tokens);
        group.set_span(self.last);
        group.into_token_stream()
    }

    /// `function(arguments)`
    fn call(self, function: &TokenStream, arguments: TokenStream) -> TokenStream {
        let arguments = self.group(arguments);
        quote!(#function #arguments)
    }

    /// `function::<types>(arguments)`
    fn call_with(self, function: &TokenStream, types: &TokenStream, arguments: TokenStream) -> TokenStream {
        let open = quote_spanned!(self.first=> ::<);
        let close = quote_spanned!(self.last=> >);
        self.call(&quote!(#function #open #types #close), arguments)
    }
}

/// One `const` for each literal and each expression that must be constant, so that the message stands there.
fn checks(job: &Job<'_>) -> TokenStream {
    let values = job.options.iter().filter_map(|option| Some((option.name, option.value.as_ref()?)));
    values.map(|(name, value)| check(job, name, value)).collect()
}

fn check(job: &Job<'_>, name: &str, value: &Value) -> TokenStream {
    match value {
        Value::Duration(text, check) => check_text(job, text, *check),
        Value::Computed(expr, check) => check_duration(job, expr, *check),
        Value::ComputedCount(expr) => check_count(name, expr),
        Value::Text(_) | Value::Count(_) | Value::Flag(_) | Value::Guard(_) | Value::Companion(_) | Value::Crate(_) => {
            TokenStream::new()
        }
    }
}

fn check_text(job: &Job<'_>, text: &LitStr, check: Check) -> TokenStream {
    let span = at(text.span());
    let krate = job.krate(span);
    match check {
        Check::Period => {
            quote_spanned!(span=> const _: ::core::time::Duration = #krate::__private::period(#text);)
        }
        Check::Delay => {
            quote_spanned!(span=> const _: ::core::time::Duration = #krate::duration(#text);)
        }
        Check::Backoff => {
            quote_spanned!(span=> const _: () = #krate::__private::check_backoff(#text);)
        }
    }
}

fn check_duration(job: &Job<'_>, expr: &Expr, check: Check) -> TokenStream {
    let stretch = Stretch::of(expr);
    let krate = job.krate(stretch.first);
    let mut value = duration(expr);
    if matches!(check, Check::Period) {
        value = stretch.call(&quote_spanned!(stretch.first=> #krate::__private::period_value), value);
    }
    quote_spanned!(stretch.first=> const _: ::core::time::Duration = #value;)
}

fn check_count(name: &str, expr: &Expr) -> TokenStream {
    let stretch = Stretch::of(expr);
    let panic = stretch
        .call(&quote_spanned!(stretch.first=> ::core::panic!), format!("`{name}` is at least 1").into_token_stream());
    let value = count(expr);
    quote_spanned!(stretch.first=> const _: () = match #value { 0 => #panic, _ => () };)
}

/// The expression stands in two places, both constant: what is wrong with it reads the same, and is reported once.
fn duration(expr: &Expr) -> TokenStream {
    let span = Stretch::of(expr).first;
    constant(&quote_spanned!(span=> ::core::time::Duration), expr)
}

fn count(expr: &Expr) -> TokenStream {
    let span = Stretch::of(expr).first;
    constant(&quote_spanned!(span=> ::core::primitive::u32), expr)
}

fn constant(ty: &TokenStream, expr: &Expr) -> TokenStream {
    let value = local("value");
    quote_spanned!(Stretch::of(expr).first=> const { let #value: #ty = #expr; #value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(attribute: &str, item: &str) -> String {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("test tokens");
        expand(tokens(attribute), tokens(item)).to_string().replace(' ', "")
    }

    #[test]
    fn the_function_comes_first_and_untouched() {
        let item = "#[must_use]pubasyncfnsync(db:&Db){not[]rust}";
        let written = "#[must_use] pub async fn sync(db: &Db) { not [] rust }";
        assert!(expanded("every = \"1m\"", written).starts_with(item));
        assert!(expanded("evry = 1", written).starts_with(item));
    }

    #[test]
    fn mistakes_keep_the_type_and_the_checks_but_register_nothing() {
        let found = expanded("every = \"1m\", colour = 3, max_attempts = 0", "fn f() {}");
        assert_eq!(found.matches("compile_error!").count(), 2, "{found}");
        assert!(found.contains("enumf{}") && found.contains("period(\"1m\")"), "{found}");
        assert!(!found.contains("submit!"), "{found}");
    }

    #[test]
    fn what_is_no_function_is_left_alone() {
        for item in ["struct F;", "mod m {}", "impl F {}", "fn f();"] {
            let found = expanded("every = \"1m\"", item);
            assert!(found.starts_with(&item.replace(' ', "")) && !found.contains("enum"), "{found}");
        }
    }

    #[test]
    fn a_method_gets_no_items_beside_it() {
        let found = expanded("every = \"1m\"", "fn f(&self) {}");
        assert!(!found.contains("enum") && !found.contains("const_"), "{found}");
    }

    #[test]
    fn parameters_become_what_they_say() {
        let item = "async fn f(a: u8, cx: &Context, (b, c): (u8, u8), db: &(dyn Db), s: &mut Seen) {}";
        let found = expanded("every = \"1m\"", item);
        for part in [
            ".needs::<Context>().needs::<dynDb>()",
            ".state::<Seen>(",
            ".args::<(u8,(u8,u8),)>()",
            "f(a0,shared.get::<Context>(),a1,shared.get::<dynDb>(),state.get()).await",
            "fnstart(a:u8,a1:(u8,u8))",
            "peek_at::<Self,(u8,(u8,u8),),Seen,T>((a,a1,),f)",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        assert!(!found.contains("trigger"), "{found}");
    }

    #[test]
    fn names_lose_the_mark_of_raw_identifiers() {
        let found = expanded("every = \"1m\"", "fn r#match() {}");
        assert!(found.contains("Place::new(\"match\"") && found.contains("enumr#match{}"), "{found}");
    }

    #[test]
    fn other_names_and_paths_are_used() {
        let found = expanded("every = \"1m\", companion = Sync, crate = a::b", "fn f() {}");
        assert!(found.contains("enumSync{}") && found.contains("companion::<Sync>"), "{found}");
        assert!(found.contains("a::b::__private::Registration") && !found.contains("::job_runtime"), "{found}");
    }

    #[test]
    fn a_type_parameter_avoids_the_users_names() {
        let found = expanded("every = \"1m\"", "fn f(s: &mut Vec<T>) {}");
        assert!(found.contains("peek<T1>(f:impl::core::ops::FnOnce(&Vec<T>)->T1)"), "{found}");
    }
}
