//! Glue only: the type beside the function, checks of the literals, and one expression that calls the runtime.

mod checks;
mod companion;
mod place;
mod registration;
mod role;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ReturnType;
use syn::ext::IdentExt;

use self::place::{Stretch, at, ends, local, ours};
use crate::attr::Options;
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
    // None of the items beside the function may stand inside an `impl`.
    if function.is_associated() {
        return quote!(#function #errors);
    }
    let job = Job { options: &options, function: &function };
    let (literals, constants) = (checks::literals(&job), checks::constants(&job));
    let registration = errors.is_empty().then(|| registration::registration(&job));
    let companion = companion::companion(&job, sound, &quote!(#constants #registration));
    quote!(#function #companion #literals #errors)
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
    /// The path of the runtime crate. Where there is no such crate, it is told once, at the attribute.
    fn krate(&self, span: Span) -> TokenStream {
        let name = Ident::new("job_runtime", Span::call_site());
        self.options.krate().map_or_else(|| quote_spanned!(span=> ::#name), ToTokens::to_token_stream)
    }

    /// What the runtime has for us, which a crate of the user's choice may lack.
    fn private(&self, span: Span) -> TokenStream {
        let (krate, last) = (self.krate(span), self.options.krate().map(|path| ends(path.to_token_stream()).1));
        let name = Ident::new("__private", last.map_or(span, at));
        quote_spanned!(span=> #krate::#name)
    }

    /// The companion's name: looked up where the function stands, but written by us as far as lints go.
    fn companion(&self) -> Ident {
        let name = self.options.companion().unwrap_or(&self.function.sig.ident);
        ours(name)
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

    /// The constant that holds the value of an option.
    fn constant(&self, option: &str) -> Ident {
        self.unused_name(&option.to_uppercase())
    }

    /// An item or a type parameter knows no hygiene: this name, or the first one made of it that the user has not
    /// written.
    fn unused_name(&self, name: &str) -> Ident {
        let mut used = Vec::new();
        collect_names(self.function.sig.to_token_stream(), &mut used);
        collect_names(self.krate(Span::call_site()), &mut used);
        for expr in self.options.iter().filter_map(|option| option.value.as_ref()?.expr()) {
            collect_names(expr.to_token_stream(), &mut used);
        }
        let candidates = (1..).map(|number| format_ident!("{name}{number}"));
        let free = std::iter::once(format_ident!("{name}")).chain(candidates).find(|name| !used.contains(name));
        free.unwrap_or_else(|| local(name))
    }
}

fn collect_names(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        if let TokenTree::Ident(ident) = &token {
            names.push(ident.unraw());
        } else if let TokenTree::Group(group) = token {
            collect_names(group.stream(), names);
        }
    }
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
        let found = expanded("every = \"1m\"", item).replace("::job_runtime::__private::", "").replace("<_>", "");
        for part in [
            ".needs::<<ContextasAsData>::Kept>().needs::<<dynDbasAsData>::Kept>()",
            ".state::<<SeenasAsState>::Kept>(",
            ".args::<(<u8asAsArgument>::Kept,<(u8,u8)asAsArgument>::Kept,)>()",
            "f(<u8asAsArgument>::give(a0),<ContextasAsData>::get(&shared),<(u8,u8)asAsArgument>::give(a1),\
             <dynDbasAsData>::get(&shared),<SeenasAsState>::lend(&mutstate)).await",
            "fnstart(a:u8,a1:(u8,u8))",
            "peek_at::<Self,_,<SeenasAsState>::Kept,T>((<u8asAsArgument>::keep(a),<(u8,u8)asAsArgument>::keep(a1),),\
             move|kept|f(<SeenasAsState>::show(kept)))",
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
