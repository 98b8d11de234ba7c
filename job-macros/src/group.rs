//! What stands in `group!(…)`: a name, the members, and how they are restarted.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::token::Bracket;
use syn::{Attribute, Expr, Ident, Lit, Path, Token, Visibility, bracketed};

use crate::attr::{GROUP, Options, bare, skip_to_comma, skip_to_comma_unless_name};
use crate::errors::Errors;

/// A group as the user wrote it.
pub(crate) struct Group {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    /// Those about which nothing was noted.
    pub(crate) members: Vec<Member>,
    pub(crate) options: Options,
}

/// A job that the group names.
pub(crate) struct Member {
    /// Such as `#[cfg(unix)]`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) path: Path,
}

impl Group {
    /// The group, or `None` and a mistake noted where it has no name.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Option<Self> {
        let group = Parser::parse2(|input: ParseStream| Self::read_all(input, errors), tokens);
        errors.keep(group).flatten()
    }

    fn read_all(input: ParseStream, errors: &mut Errors) -> syn::Result<Option<Self>> {
        let (attrs, vis) = (input.call(Attribute::parse_outer)?, input.parse()?);
        let name = name(input, errors);
        if name.is_none() && input.is_empty() {
            return Ok(None);
        }
        let members = members(name.as_ref(), input, errors)?;
        let options = Options::read_rest(input, &GROUP, errors);
        Ok(name.map(|name| Self { attrs, vis, name, members, options }))
    }
}

impl Member {
    /// The path as it is written, without the spaces between its tokens.
    pub(crate) fn written(&self) -> String {
        self.path.to_token_stream().to_string().replace(' ', "")
    }
}

fn name(input: ParseStream, errors: &mut Errors) -> Option<Ident> {
    let name = input.parse::<Ident>();
    if name.is_err() {
        errors.at_span(input.span(), "a group has a name and members: write `NAME = [keep_pool, consume]`");
        skip_until(input, |input| input.peek(Token![=]) || input.peek(Bracket));
    }
    name.ok()
}

/// What stands behind the name: `= [a, b]`.
fn members(name: Option<&Ident>, input: ParseStream, errors: &mut Errors) -> syn::Result<Vec<Member>> {
    let equals = input.parse::<Option<Token![=]>>()?;
    if !input.peek(Bracket) {
        let place = if input.is_empty() { name.map_or_else(Span::call_site, Ident::span) } else { input.span() };
        errors.at_span(place, "the members of a group stand in a list behind its name: `NAME = [keep_pool, consume]`");
        skip_until(input, |input| input.peek(Token![,]) && input.peek2(Ident) && input.peek3(Token![=]));
        return Ok(Vec::new());
    }
    if equals.is_none() {
        errors.at_span(input.span(), "a `=` is missing before this: write `NAME = [keep_pool, consume]`");
    }
    let list;
    let bracket = bracketed!(list in input);
    if list.is_empty() {
        errors.at_span(bracket.span.join(), "a group has at least one member, as in `[keep_pool, consume]`");
    }
    read_members(&list, errors)
}

fn read_members(list: ParseStream, errors: &mut Errors) -> syn::Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    while !list.is_empty() {
        members.extend(member(list, &members, errors)?);
        if !list.is_empty() && !list.peek(Token![,]) {
            errors.at_span(list.span(), "a `,` is missing before this: members are separated by commas");
            skip_to_comma_unless_name(list);
        }
        list.parse::<Option<Token![,]>>()?;
    }
    Ok(members)
}

/// The next member, unless it is none or was written before.
fn member(list: ParseStream, before: &[Member], errors: &mut Errors) -> syn::Result<Option<Member>> {
    let (attrs, start) = (list.call(Attribute::parse_outer)?, list.span());
    let Ok(expr) = list.parse::<Expr>() else {
        errors.at_span(start, NO_PATH);
        skip_to_comma(list);
        return Ok(None);
    };
    let path = match bare(expr) {
        Expr::Path(path) if path.qself.is_none() => path.path,
        other => {
            errors.at(&other, no_path(&other));
            return Ok(None);
        }
    };
    let member = Member { attrs, path };
    if before.iter().any(|other| other.written() == member.written()) {
        errors.at(&member.path, format!("`{}` is a member already: leave one of the two out", member.written()));
        return Ok(None);
    }
    Ok(Some(member))
}

const NO_PATH: &str = "a member is the path of a job, such as `keep_pool` or `jobs::keep_pool`";

fn no_path(expr: &Expr) -> &'static str {
    match expr {
        Expr::Call(_) => "a member is named without calling it, as in `keep_pool`",
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => "a member is written without quotes: it is a path",
        _ => NO_PATH,
    }
}

fn skip_until(input: ParseStream, there: impl Fn(ParseStream) -> bool) {
    while !input.is_empty() && !there(input) && input.parse::<TokenTree>().is_ok() {}
}
