//! What `group!(…)` becomes: a static that names the members, and its entry in the runtime's list.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

use super::checks::within;
use super::place::{Stretch, at, ends, local};
use super::runtime;
use crate::attr::Value;
use crate::errors::Errors;
use crate::group::{Group, Member};

/// What `group!(tokens)` becomes. With mistakes too, since it holds what the compiler is asked about the members.
pub(crate) fn group(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let group = Group::read(tokens, &mut errors);
    let told = (!errors.is_empty()).then(|| quote!(const _: () = { #errors };));
    let declared = group.map(|group| declared(&group));
    quote!(#declared #told)
}

fn declared(group: &Group) -> TokenStream {
    let Group { attrs, vis, name, members, options } = group;
    let private = runtime::private(options, Span::call_site());
    let (text, strategy) = (name.unraw().to_string(), strategy(group));
    let members = members.iter().map(|member| entry(group, member));
    let (max_restarts, max_seconds) = (number(group, "max_restarts", 3), number(group, "max_seconds", 5));
    quote! {
        #(#attrs)*
        #vis static #name: #private::Group = #private::Group::new(
            #private::Place::new(#text, ::core::module_path!(), ::core::file!(), ::core::line!()),
            &[#(#members,)*],
            #strategy,
            #max_restarts,
            #max_seconds,
        );

        #private::inventory::submit! {
            #private::GroupRegistration(&#name)
        }
    }
}

fn strategy(group: &Group) -> TokenStream {
    group.options.text("strategy").map_or_else(|| quote!("one_for_one"), ToTokens::to_token_stream)
}

/// A member, asked whether it is a job where it is written.
fn entry(group: &Group, member: &Member) -> TokenStream {
    let Member { attrs, path } = member;
    let (first, last) = ends(path.to_token_stream());
    let (private, key) = (runtime::private(&group.options, at(last)), Ident::new("key", last));
    let open = quote_spanned!(first=> <);
    let is_job = quote_spanned!(at(last)=> as #private::IsJob<_>>::);
    let written = member.written();
    quote_spanned!(at(first)=> #(#attrs)* #private::Member::new(#open #path #is_job #key, #written))
}

/// The value of an option that is a count.
fn number(group: &Group, option: &str, usual: u32) -> TokenStream {
    match group.options.find(option).and_then(|option| option.value.as_ref()) {
        Some(Value::Count(number)) => number.to_token_stream(),
        Some(Value::ComputedCount(expr, bounds)) => {
            let (stretch, value) = (Stretch::of(expr), local("value"));
            let judged = within(option, *bounds, &value, stretch);
            quote_spanned!(stretch.first=> { let #value: ::core::primitive::u32 = #expr; #judged #value })
        }
        _ => usual.to_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        group(text.parse().expect("test tokens")).to_string().replace(' ', "")
    }

    #[test]
    fn a_group_is_a_static_and_an_entry() {
        let found = expanded(
            "#[doc = \"x\"] pub(crate) A = [a, #[cfg(unix)] b::c], strategy = \"one_for_all\", max_seconds = 7",
        );
        let found = found.replace("::job_runtime::__private::", "");
        assert!(found.starts_with("#[doc=\"x\"]pub(crate)staticA:Group=Group::new(Place::new(\"A\","), "{found}");
        for part in [
            "&[Member::new(<aasIsJob<_>>::key,\"a\"),#[cfg(unix)]Member::new(<b::casIsJob<_>>::key,\"b::c\"),],",
            "\"one_for_all\",3u32,7,)",
            "inventory::submit!{GroupRegistration(&A)}",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        assert!(!found.contains("compile_error"), "{found}");
    }

    #[test]
    fn what_is_left_out_has_the_numbers_of_otp() {
        assert!(expanded("A = [a]").contains("\"one_for_one\",3u32,5u32,)"));
        assert!(
            expanded("A = [a], max_restarts = 0, crate = x::y").contains("\"one_for_one\",0,5u32,);x::y::__private")
        );
    }

    #[test]
    fn a_number_that_is_an_expression_is_judged_where_zero_is_wrong() {
        let found = expanded("A = [a], max_restarts = N, max_seconds = N + 1");
        assert!(found.contains("{letvalue:::core::primitive::u32=N;value},"), "{found}");
        assert!(found.contains("=N+1;ifvalue<1u32{::core::panic!(\"`max_seconds`isatleast1\")}value}"), "{found}");
    }

    #[test]
    fn with_mistakes_it_is_declared_all_the_same() {
        let found = expanded("pub A = [a, 3], colour = 3");
        assert!(found.contains("pubstaticA:") && found.contains("<aas") && found.contains("const_:()={"), "{found}");
        assert_eq!(found.matches("compile_error!").count(), 2, "{found}");
        assert!(!expanded("").contains("static"));
    }
}
