//! What `group!(…)` becomes: a static that names the members, and its entry in the runtime's list.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

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
        Some(Value::ComputedCount(expr, least)) => {
            let (stretch, value) = (Stretch::of(expr), local("value"));
            let ty = quote_spanned!(stretch.first=> ::core::primitive::u32);
            let judged = (*least > 0).then(|| {
                let sentence = format!("`{option}` is at least {least}").into_token_stream();
                let panic = stretch.call(&quote_spanned!(stretch.first=> ::core::panic!), sentence);
                quote_spanned!(stretch.first=> if #value < #least { #panic })
            });
            quote_spanned!(stretch.first=> { let #value: #ty = #expr; #judged #value })
        }
        _ => usual.to_token_stream(),
    }
}
