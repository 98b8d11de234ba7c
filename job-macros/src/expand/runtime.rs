//! Where the runtime is found: at its own name, or where the option `crate` says.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::place::{at, ends};
use crate::attr::Options;

/// The path of the runtime crate. Where there is no such crate, it is told once, at the attribute.
pub(super) fn krate(options: &Options, span: Span) -> TokenStream {
    let name = Ident::new("job_runtime", Span::call_site());
    options.krate().map_or_else(|| quote_spanned!(span=> ::#name), ToTokens::to_token_stream)
}

/// What the runtime has for us, which a crate of the user's choice may lack.
pub(super) fn private(options: &Options, span: Span) -> TokenStream {
    let (krate, last) = (krate(options, span), options.krate().map(|path| ends(path.to_token_stream()).1));
    let name = Ident::new("__private", last.map_or(span, at));
    quote_spanned!(span=> #krate::#name)
}
