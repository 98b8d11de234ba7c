//! Where glue lies: at the user's tokens, so that a message stands there, with names that meet none of theirs.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The place of the user's token, the meaning and the lints of our own.
pub(super) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The user's name, written by us as far as lints go.
pub(super) fn ours(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(at(ident.span()));
    ident
}

/// A name that cannot meet one of the user's.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A group whose ends lie at the last of the user's tokens, as if they were the user's.
pub(super) fn written_at(tokens: impl ToTokens, delimiter: Delimiter, inside: TokenStream) -> TokenStream {
    let mut group = Group::new(delimiter, inside);
    group.set_span(ends(tokens.into_token_stream()).1);
    group.into_token_stream()
}

/// Where the first and the last of these tokens lie.
pub(super) fn ends(tokens: TokenStream) -> (Span, Span) {
    let mut spans = tokens.into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// Where the user's tokens begin and end: stable Rust cannot join two spans, but glue whose first token lies at the
/// one and whose last at the other is underlined like the tokens themselves.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) first: Span,
    pub(super) last: Span,
}

impl Stretch {
    pub(super) fn of(tokens: impl ToTokens) -> Self {
        let (first, last) = ends(tokens.into_token_stream());
        Self { first: at(first), last: at(last) }
    }

    /// The same place, as if the glue were the user's.
    pub(super) fn written(tokens: impl ToTokens) -> Self {
        let (first, last) = ends(tokens.into_token_stream());
        Self { first, last }
    }

    /// `(tokens)`
    pub(super) fn group(self, tokens: TokenStream) -> TokenStream {
        let mut group = Group::new(Delimiter::Parenthesis, tokens);
        group.set_span(self.last);
        group.into_token_stream()
    }

    /// `.needs::<Type>()` and its like.
    pub(super) fn wish(self, method: &str, ty: &TokenStream, value: TokenStream) -> TokenStream {
        let method = Ident::new(method, self.first);
        self.call_with(&quote_spanned!(self.first=> .#method), ty, value)
    }

    /// `function(arguments)`
    pub(super) fn call(self, function: &TokenStream, arguments: TokenStream) -> TokenStream {
        let arguments = self.group(arguments);
        quote!(#function #arguments)
    }

    /// `function::<types>(arguments)`
    pub(super) fn call_with(self, function: &TokenStream, types: &TokenStream, arguments: TokenStream) -> TokenStream {
        self.call(&self.with(function, types), arguments)
    }

    /// `path::<types>`
    pub(super) fn with(self, path: &TokenStream, types: &TokenStream) -> TokenStream {
        let open = quote_spanned!(self.first=> ::<);
        let close = quote_spanned!(self.last=> >);
        quote!(#path #open #types #close)
    }
}
