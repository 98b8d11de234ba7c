//! What stands in `group!(…)`: a name, the members, and how they are restarted.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::token::Bracket;
use syn::{Attribute, Expr, Ident, Lit, Path, Token, Visibility, bracketed};

use crate::attr::{GROUP, Options, as_path, bare, skip_to_comma, skip_to_comma_unless_name};
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

/// What stands behind the name: `= [a, b]`. Where there is no name, it was told already how a group is written.
fn members(name: Option<&Ident>, input: ParseStream, errors: &mut Errors) -> syn::Result<Vec<Member>> {
    let equals = input.parse::<Option<Token![=]>>()?;
    if !input.peek(Bracket) {
        if let Some(name) = name {
            let place = if input.is_empty() { name.span() } else { input.span() };
            errors.at_span(
                place,
                "the members of a group stand in a list behind its name: `NAME = [keep_pool, consume]`",
            );
        }
        skip_until(input, |input| input.peek(Token![,]) && input.peek2(Ident) && input.peek3(Token![=]));
        return Ok(Vec::new());
    }
    if equals.is_none() && name.is_some() {
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
    let attrs = list.call(Attribute::parse_outer)?;
    let Some(path) = path(list, errors) else { return Ok(None) };
    let member = Member { attrs, path };
    if before.iter().any(|other| other.written() == member.written()) {
        errors.at(&member.path, format!("`{}` is a member already: leave one of the two out", member.written()));
        return Ok(None);
    }
    Ok(Some(member))
}

fn path(list: ParseStream, errors: &mut Errors) -> Option<Path> {
    let start = list.span();
    let Ok(expr) = list.parse().map(bare) else {
        errors.at_span(start, NO_PATH);
        skip_to_comma(list);
        return None;
    };
    let path = as_path(&expr).cloned();
    if path.is_none() {
        errors.at(&expr, no_path(&expr));
    }
    path
}

const NO_PATH: &str = "a member is the path of a job, such as `keep_pool` or `jobs::keep_pool`";

fn no_path(expr: &Expr) -> &'static str {
    if matches!(expr, Expr::Call(_)) {
        return "a member is named without calling it, as in `keep_pool`";
    }
    let quoted = matches!(expr, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
    if quoted { "a member is written without quotes: it is a path" } else { NO_PATH }
}

fn skip_until(input: ParseStream, there: impl Fn(ParseStream) -> bool) {
    while !input.is_empty() && !there(input) && input.parse::<TokenTree>().is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Group>, Vec<String>) {
        let mut errors = Errors::default();
        let group = Group::read(text.parse().expect("test tokens"), &mut errors);
        (group, errors.sentences())
    }

    #[test]
    fn good_groups_have_no_mistake() {
        for (text, members) in [
            ("A = [a]", &["a"][..]),
            ("pub A = [a, b::c,],", &["a", "b::c"]),
            (
                "#[doc = \"x\"] pub(crate) A = [::a::b, crate::c, self::d, super::e]",
                &["::a::b", "crate::c", "self::d", "super::e"],
            ),
            ("A = [(a), r#match], strategy = \"rest_for_one\", max_restarts = 0, max_seconds = 1", &["a", "r#match"]),
            ("r#static = [#[cfg(unix)] a], crate = b::c, max_seconds = SECONDS, max_restarts = 2 + 1,", &["a"]),
        ] {
            let (group, sentences) = read(text);
            assert_eq!(sentences, [""; 0], "{text}");
            let group = group.expect("it has a name");
            assert_eq!(group.members.iter().map(Member::written).collect::<Vec<_>>(), members, "{text}");
        }
    }

    #[test]
    fn each_mistake_is_told_once_in_words() {
        for (text, told) in [
            ("", "a group has a name and members: write `NAME = [keep_pool, consume]`"),
            ("= [a]", "a group has a name and members"),
            ("pub = [a]", "a group has a name and members"),
            ("static A = [a]", "a group has a name and members"),
            ("3 [a], max_seconds = 2", "a group has a name and members"),
            ("3", "a group has a name and members"),
            ("A", "stand in a list behind its name"),
            ("A =", "stand in a list behind its name"),
            ("A = a, b", "stand in a list behind its name"),
            ("A = (a, b), max_seconds = 2", "stand in a list behind its name"),
            ("A: [a]", "stand in a list behind its name"),
            ("A [a]", "a `=` is missing before this"),
            ("A = []", "at least one member"),
            ("A = [a, a]", "`a` is a member already: leave one of the two out"),
            ("A = [a::b, b, a :: b]", "`a::b` is a member already"),
            ("A = [\"a\"]", "without quotes"),
            ("A = [a()]", "without calling it"),
            ("A = [3]", "a member is the path of a job"),
            ("A = [a, +]", "a member is the path of a job"),
            ("A = [<a as b>::c]", "a member is the path of a job"),
            ("A = [a b]", "a `,` is missing before this: members are"),
            ("A = [a] max_seconds = 2", "a `,` is missing before this: options are"),
            ("A = [a], max_seconds = 0", "`max_seconds` is at least 1"),
            ("A = [a], strategy = \"rest_for_all\"", "did you mean `\"rest_for_one\"`?"),
            ("A = [a], strategy = one_for_all", "`strategy` is written in quotes: `\"one_for_all\"`"),
            ("A = [a], strategy", "`strategy` needs a value, `strategy = …`"),
            ("A = [a], 3", "an option is written `name = value`, as in `strategy = \"one_for_all\"`"),
            ("A = [a], backoff = \"1s\"", "`backoff` goes with `#[periodic]`, `#[job]` and `#[service]`"),
            ("A = [a], max_seconds = 2, max_seconds = 2", "`max_seconds` is written twice"),
        ] {
            let sentences = read(text).1;
            assert!(sentences.len() == 1 && sentences.concat().contains(told), "{text}: {sentences:?}");
        }
    }

    #[test]
    fn every_mistake_is_told_and_what_is_right_is_kept() {
        let (group, sentences) = read("A [a, \"b\", 3, a, c d], stratgy = 3, max_seconds = 0, max_restarts = 2");
        assert_eq!(sentences.len(), 7, "{sentences:?}");
        let group = group.expect("it has a name");
        assert_eq!(group.members.iter().map(Member::written).collect::<Vec<_>>(), ["a", "c", "d"]);
        assert!(group.options.find("max_restarts").is_some_and(|option| option.value.is_some()));
    }
}
