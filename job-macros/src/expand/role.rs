//! What a type in the signature must be: a trait of the runtime, asked where the type is written.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::Job;
use super::place::{at, ends, written_at};

/// What a type is used as.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// By which the instances of a template are told apart.
    Argument,
    /// Which a job on demand is spawned with.
    Message,
    /// Which there may be several attempts with.
    Repeated,
    /// Which a job in a queue is put there with.
    Queued,
    Data,
    State,
    Output,
}

impl Role {
    /// `<ty as role<_>>::item`, whose first and last token lie where the type does, and as if they were the user's:
    /// what is wrong with the type in its role then reads the same wherever it is found out, and is told once.
    pub(super) fn item(self, job: &Job<'_>, ty: &impl ToTokens, item: &str) -> TokenStream {
        let (first, last) = ends(ty.to_token_stream());
        let (private, role, item) = (job.private(at(last)), self.path(last), Ident::new(item, last));
        let open = quote_spanned!(first=> <);
        let path = quote_spanned!(at(last)=> as #private::#role>::);
        quote!(#open #ty #path #item)
    }

    /// `<ty as role<_>>::function(arguments)`, lying as [`Self::item`] does.
    pub(super) fn call(self, job: &Job<'_>, ty: &impl ToTokens, function: &str, arguments: TokenStream) -> TokenStream {
        let (path, arguments) = (self.item(job, ty, function), written_at(ty, Delimiter::Parenthesis, arguments));
        quote!(#path #arguments)
    }

    fn path(self, span: Span) -> TokenStream {
        let (ours, inferred) = (at(span), quote_spanned!(span=> _));
        match self {
            Self::Argument => quote_spanned!(ours=> AsArgument<#inferred>),
            Self::Message => quote_spanned!(ours=> AsMessage<#inferred>),
            Self::Repeated => quote_spanned!(ours=> AsRepeated<#inferred>),
            Self::Queued => quote_spanned!(ours=> AsQueued<#inferred>),
            Self::Data => quote_spanned!(ours=> AsData<#inferred>),
            Self::State => quote_spanned!(ours=> AsState<#inferred>),
            Self::Output => quote_spanned!(ours=> Return),
        }
    }
}
