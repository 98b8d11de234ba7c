//! The function under the attribute: attributes, visibility and signature read, the body left as it is.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Ident, Lit, Pat, PatType, Signature, Token, Type, Visibility};

use crate::errors::Errors;

/// A function whose body is not looked at, so that a mistake in it stays the compiler's to report.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    body: TokenStream,
}

/// How a parameter is written says what it is.
pub(crate) enum Param<'f> {
    /// `&T`, with `T` as written.
    Shared(&'f Type),
    /// `&mut S`, with `S` as written.
    State(&'f Type),
    /// `T`
    Argument(Argument<'f>),
}

/// A parameter by value.
#[derive(Clone, Copy)]
pub(crate) struct Argument<'f> {
    pub(crate) param: &'f PatType,
}

impl Function {
    /// The function, or `None` and a mistake noted when a job cannot be made of the item at all.
    pub(crate) fn read(item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let function = errors.keep(Parser::parse2(parse, item))?;
        if starts_a_body(&function.body) {
            return Some(function);
        }
        errors.at(&function.sig, "a job needs a body: the attribute belongs on a free function that has one");
        None
    }

    pub(crate) fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }

    /// Whether it stands in an `impl` or a `trait`, as far as its signature tells.
    pub(crate) fn is_associated(&self) -> bool {
        self.sig.receiver().is_some() || own_type(self.sig.to_token_stream()).is_some()
    }

    /// The function's name, without the `r#` of a raw identifier.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.unraw().to_string()
    }

    pub(crate) fn params(&self) -> impl Iterator<Item = Param<'_>> {
        typed(&self.sig).map(Param::of)
    }

    pub(crate) fn state(&self) -> Option<&Type> {
        self.params().find_map(|param| match param {
            Param::State(ty) => Some(ty),
            Param::Shared(_) | Param::Argument(_) => None,
        })
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = Argument<'_>> {
        self.params().filter_map(|param| match param {
            Param::Argument(argument) => Some(argument),
            Param::Shared(_) | Param::State(_) => None,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.attrs.iter().map(ToTokens::to_token_stream));
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

impl<'f> Param<'f> {
    fn of(param: &'f PatType) -> Self {
        let Type::Reference(reference) = bare(&param.ty) else {
            return Self::Argument(Argument { param });
        };
        if reference.mutability.is_some() {
            return Self::State(bare(&reference.elem));
        }
        Self::Shared(bare(&reference.elem))
    }
}

impl<'f> Argument<'f> {
    pub(crate) fn ty(self) -> &'f Type {
        bare(&self.param.ty)
    }

    /// The name it has in the function, if it is one word.
    pub(crate) fn name(self) -> Option<&'f Ident> {
        if let Pat::Ident(pattern) = &*self.param.pat { Some(&pattern.ident) } else { None }
    }
}

/// The first `Self` among these tokens.
pub(crate) fn own_type(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => Some(ident),
        TokenTree::Group(group) => own_type(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// The parameters besides `self`.
pub(crate) fn typed(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(param) => Some(param),
        FnArg::Receiver(_) => None,
    })
}

/// Without parentheses and without the invisible groups of a `macro_rules!` fragment.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    while let Some(inner) = wrapped(ty) {
        ty = inner;
    }
    ty
}

fn wrapped(ty: &Type) -> Option<&Type> {
    if let Type::Paren(paren) = ty {
        return Some(&paren.elem);
    }
    if let Type::Group(group) = ty { Some(&group.elem) } else { None }
}

fn parse(input: ParseStream) -> syn::Result<Function> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    if !is_function(input) {
        return Err(syn::Error::new(input.span(), "the attribute belongs on a function, `async fn` or `fn`"));
    }
    Ok(Function { attrs, vis, sig: input.parse()?, body: input.parse()? })
}

fn is_function(input: ParseStream) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
    {
        if ahead.call(Ident::parse_any).is_err() || (ahead.peek(Lit) && ahead.parse::<Lit>().is_err()) {
            return false;
        }
    }
    ahead.peek(Token![fn])
}

fn starts_a_body(rest: &TokenStream) -> bool {
    Parser::parse2(
        |input: ParseStream| Ok(input.peek(syn::token::Brace) && input.parse::<TokenStream>().is_ok()),
        rest.clone(),
    )
    .unwrap_or(false)
}
