//! What stands between the parentheses: `name = value, …`, each option known by its name and the values it takes.

mod table;
mod value;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token};

use crate::errors::Errors;
pub(crate) use table::{GROUP, Table};
pub(crate) use value::{Bounds, Check, Guard, Kind, Value, as_path, bare};

/// One option as the user wrote it.
pub(crate) struct Opt {
    pub(crate) key: Ident,
    /// The option's name, as the table of options has it.
    pub(crate) name: &'static str,
    /// `None` when the value was refused.
    pub(crate) value: Option<Value>,
}

/// All options of one attribute, in the order they are written.
#[derive(Default)]
pub(crate) struct Options {
    list: Vec<Opt>,
    /// Something could not be understood, so that what is missing may be meant by it.
    pub(crate) unclear: bool,
}

impl Options {
    /// Those that stand alone, as between the parentheses of an attribute.
    pub(crate) fn read(tokens: TokenStream, table: &Table, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let result = Parser::parse2(|input: ParseStream| options.read_all(input, table, errors), tokens);
        errors.keep(result);
        options
    }

    /// Those that stand behind something else, with the comma between.
    pub(crate) fn read_rest(input: ParseStream, table: &Table, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let result = options.end_one(input, errors).and_then(|()| options.read_all(input, table, errors));
        errors.keep(result);
        options
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Opt> {
        self.list.iter()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Opt> {
        self.list.iter().find(|option| option.name == name)
    }

    /// The text of an option given as a string.
    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        if let Value::Text(text) | Value::Unjudged(text, _) = self.value(name)? { Some(text) } else { None }
    }

    pub(crate) fn companion(&self) -> Option<&Ident> {
        if let Value::Companion(ident) = self.value("companion")? { Some(ident) } else { None }
    }

    pub(crate) fn krate(&self) -> Option<&Path> {
        if let Value::Crate(path) = self.value("crate")? { Some(path) } else { None }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.find(name)?.value.as_ref()
    }

    fn read_all(&mut self, input: ParseStream, table: &Table, errors: &mut Errors) -> syn::Result<()> {
        while !input.is_empty() {
            self.read_one(input, table, errors);
            self.end_one(input, errors)?;
        }
        Ok(())
    }

    /// The comma behind something, unless that was the last.
    fn end_one(&mut self, input: ParseStream, errors: &mut Errors) -> syn::Result<()> {
        if !input.is_empty() && !input.peek(Token![,]) {
            self.unclear = true;
            errors.at_span(input.span(), "a `,` is missing before this: options are separated by commas");
            skip_to_comma_unless_name(input);
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(())
    }

    fn read_one(&mut self, input: ParseStream, table: &Table, errors: &mut Errors) {
        let Ok(key) = input.call(Ident::parse_any) else {
            self.unclear = true;
            errors.at_span(input.span(), format!("an option is written `name = value`, as in `{}`", table.example));
            return skip_to_comma(input);
        };
        let hyphened = hyphened(&key, input);
        let known = self.known(&key, hyphened, table, errors);
        let written = value_after(&key, known, input, errors);
        let Some((name, kind)) = known else { return };
        let value = written.and_then(|expr| value::read(name, kind, expr, errors));
        self.list.push(Opt { key, name, value });
    }

    /// The option of this name, if there is one that was not written before.
    fn known(
        &mut self,
        key: &Ident,
        hyphened: Option<TokenStream>,
        table: &Table,
        errors: &mut Errors,
    ) -> Option<(&'static str, Kind)> {
        if let Some(whole) = hyphened {
            self.unclear = true;
            errors.at(&whole, table.unknown(&whole.to_string().replace(' ', "")));
            return None;
        }
        let written = key.unraw().to_string();
        let found = table.find(&written);
        let Some((name, _)) = found else {
            self.unclear = true;
            errors.at(key, table.unknown(&written));
            return None;
        };
        if self.find(name).is_some() {
            errors.at(key, format!("`{name}` is written twice: leave one out"));
            return None;
        }
        found
    }
}

/// A name with hyphens, `on-overlap`, which is read to its end.
fn hyphened(key: &Ident, input: ParseStream) -> Option<TokenStream> {
    let mut whole = key.to_token_stream();
    while input.peek(Token![-]) && input.peek2(Ident::peek_any) {
        whole.extend(input.parse::<Token![-]>().ok()?.into_token_stream());
        whole.extend(input.call(Ident::parse_any).ok()?.into_token_stream());
    }
    (whole.clone().into_iter().count() > 1).then_some(whole)
}

/// What stands behind `=`; a mistake is noted unless the option itself is one already.
fn value_after(key: &Ident, known: Option<(&str, Kind)>, input: ParseStream, errors: &mut Errors) -> Option<Expr> {
    let fork = input.fork();
    if let Ok(expr) = fork.parse::<Token![=]>().and_then(|_| fork.parse::<Expr>()) {
        input.advance_to(&fork);
        return without_space(expr, input, known, errors);
    }
    let equals = input.parse::<Option<Token![=]>>().ok().flatten();
    if let Some((name, kind)) = known {
        let written = equals.is_some() && !input.is_empty() && !input.peek(Token![,]) && !input.peek(Token![=]);
        let wrong = if written { "has no such value" } else { &*format!("needs a value, `{name} = …`") };
        errors.at_span(place_of_value(key, input), format!("`{name}` {wrong}: {kind}"));
    }
    skip_to_comma(input);
    None
}

/// The value, unless it is a bare number with more behind it, as in `10 minutes` and `0 9 * * *`.
fn without_space(expr: Expr, input: ParseStream, known: Option<(&str, Kind)>, errors: &mut Errors) -> Option<Expr> {
    let word = matches!(expr, Expr::Lit(_)) && input.peek(Ident) && !input.peek2(Token![=]);
    let more = value::is_number(&expr) && !input.is_empty() && !input.peek(Token![,]);
    let Some((name, kind)) = known.filter(|(_, kind)| word && kind.is_duration() || more && kind.is_cron()) else {
        return Some(expr);
    };
    let without_spaces = if kind.is_duration() { " and without spaces" } else { "" };
    errors.at(&expr, format!("`{name}` is written in quotes{without_spaces}: {kind}"));
    skip_to_comma(input);
    None
}

/// The token that stands where a value should, or the name where there is none.
fn place_of_value(key: &Ident, input: ParseStream) -> Span {
    if input.is_empty() || input.peek(Token![,]) { key.span() } else { input.span() }
}

pub(crate) fn skip_to_comma(input: ParseStream) {
    while !input.is_empty() && !input.peek(Token![,]) && input.parse::<TokenTree>().is_ok() {}
}

/// A name is read as the next option, so that its mistakes are reported too.
pub(crate) fn skip_to_comma_unless_name(input: ParseStream) {
    if !input.peek(Ident::peek_any) {
        skip_to_comma(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flavour::Flavour;

    fn read(text: &str) -> (Options, Vec<String>) {
        read_as(Flavour::Periodic, text)
    }

    fn read_as(flavour: Flavour, text: &str) -> (Options, Vec<String>) {
        let mut errors = Errors::default();
        let options = Options::read(text.parse().expect("test tokens"), Table::of(flavour), &mut errors);
        (options, errors.sentences())
    }

    #[test]
    fn good_values_are_taken() {
        let cases = [
            "",
            "every = \"10m\",",
            "r#every = \"10m\"",
            "every = r\"10m\"",
            "every = PERIOD",
            "every = Duration::from_secs(60)",
            "every = { const { minutes(3) } }",
            "cron = \"0 9 * * *\", tz = \"Europe/Berlin\", dst = \"literal\"",
            "cron = [(\"0 9 * * MON-FRI\"), r\"0 12 * * SAT\",], dst = \"vixie\"",
            "cron = \"any text; at all\", tz = \"Middle/Earth\"",
            "schedule = NIGHTLY",
            "schedule = FullHours { minute: 5 }",
            "schedule = rules::nightly(\"02:30\").expect(\"a schedule\")",
            "schedule = { let rule = rule(); rule }",
            "initial_delay = (\"0s\")",
            "delay_mode = \"shifted\"",
            "when = is_leader",
            "when = <Gate as Open>::open::<u8, u16>",
            "when = |cx| cx.attempt() > 1, every = \"1m\"",
            "when = async move || { a; b }",
            "on_overlap = \"stop_previous\"",
            "max_running = 3",
            "max_running = 3u32",
            "scope = \"process\"",
            "scope = \"cluster\"",
            "max_attempts = 1_000",
            "max_attempts = LIMIT + 1",
            "max_attempts = 2 * 3",
            "on_missed = \"all(1)\"",
            "timeout = \"infinity\"",
            "job_shutdown = \"brutal_kill\"",
            "align = cfg!(unix)",
            "enabled = !OFF",
            "backoff = \"1s..5m\"",
            "name = \"any name\"",
            "companion = r#match",
            "crate = crate::jobs",
            "crate = \"::jobs\"",
        ];
        for case in cases {
            assert_eq!(read(case).1, [""; 0], "{case}");
        }
    }

    #[test]
    fn wrong_values_are_refused_in_words() {
        let cases = [
            (
                "cron = [\"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \
                 \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \
                 \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \
                 \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\", \"@daily\"]",
                "at most 32",
            ),
            ("every = 600", "`every` needs a unit, a bare number has none: a duration is written like `\"10m\"`"),
            ("jitter = -1.5", "needs a unit"),
            ("jitter = 10 * 60", "needs a unit"),
            ("every = b\"10m\"", "has no such value"),
            ("every = 'm'", "has no such value"),
            ("every = 1..5", "has no such value"),
            ("timeout = \"infinitely\"", "did you mean `\"infinity\"`?"),
            ("timeout = \"never\"", "else write `\"infinity\"`"),
            ("cron = 5", "write a cron expression such as `\"30 2 * * *\"`, or several as `["),
            ("cron = b\"0 9 * * *\"", "`cron` has no such value"),
            ("cron = [c\"0 9 * * *\"]", "`cron` has no such value"),
            ("cron = &[\"0 9 * * *\"]", "`cron` has no such value"),
            ("cron = [\"0 9 * * *\"; 2]", "`cron` has no such value"),
            ("cron = (\"0 9 * * *\", \"@daily\")", "`cron` has no such value"),
            ("cron = [\"0 9 * * *\", 3]", "`cron` has no such value"),
            ("cron = []", "`cron` names at least one time"),
            ("cron = 0 9 * * MON-FRI", "`cron` is written in quotes: write a cron"),
            ("cron = \"0 9 * * *\" tz = \"UTC\"", "a `,` is missing before this"),
            ("cron = 0", "`cron` has no such value"),
            ("cron = */5 * * * *", "`cron` has no such value"),
            ("cron = @daily", "`cron` has no such value"),
            ("cron = NIGHTLY", "`cron` has no such value"),
            ("tz = UTC", "`tz` is written in quotes: `\"UTC\"`"),
            ("tz = Europe/Berlin", "`tz` is written in quotes: `\"Europe/Berlin\"`"),
            ("tz = America/Port-au-Prince", "`tz` is written in quotes: `\"America/Port-au-Prince\"`"),
            ("tz = Etc/GMT+1", "`tz` is written in quotes: `\"Etc/GMT+1\"`"),
            ("tz = Tz::UTC", "write the name of a time zone such as `\"Europe/Berlin\"`"),
            ("tz = 2", "`tz` has no such value"),
            ("tz = b\"UTC\"", "`tz` has no such value"),
            ("tz = local()", "`tz` has no such value"),
            ("tz = -UTC", "`tz` has no such value"),
            ("dst = \"vixy\"", "did you mean `\"vixie\"`?"),
            ("dst = Dst::Literal", "in quotes: `\"literal\"`"),
            ("dst = true", "write `\"vixie\"` or `\"literal\"`"),
            ("schedule = \"@daily\"", "write a cron expression as `cron = \"…\"`, a period as `every = \"…\"`"),
            ("schedule = 5", "of a type that implements `Recurrence`"),
            ("schedule = || NIGHTLY", "`schedule` has no such value"),
            ("schedule = Schedule::cron(\"@daily\")?", "write `.expect(\"…\")`"),
            ("schedule = Schedule::cron(\"@daily\")?.dst(Dst::Literal)", "write `.expect(\"…\")`"),
            ("timezone = \"UTC\"", "did you mean `tz`?"),
            ("time_zone = \"UTC\"", "did you mean `tz`?"),
            ("zone = \"UTC\"", "did you mean `tz`?"),
            ("crn = \"@daily\"", "did you mean `cron`?"),
            ("on_overlap = \"skip\"", "`on_overlap` has no value `\"skip\"`"),
            ("on_overlap = \"stop-previous\"", "did you mean `\"stop_previous\"`?"),
            ("on_overlap = PICK", "write `\"run\"`, `\"ignore\"`, `\"queue\"` or `\"stop_previous\"`"),
            ("on_overlap = Overlap::Ignore", "in quotes: `\"ignore\"`"),
            ("on_missed = all(20)", "in quotes: `\"all(20)\"`"),
            ("timeout = infinity", "in quotes: `\"infinity\"`"),
            ("every = 1h30m", "in quotes: `\"1h30m\"`"),
            ("backoff = 1s..5m", "in quotes: `\"1s..5m\"`"),
            ("every = 10 m", "in quotes and without spaces"),
            ("every = 10minutes", "needs a unit"),
            ("every = 1.5h", "in whole numbers"),
            ("every = 10u64", "needs a unit"),
            ("enabled = 3 > 2 > 1", "`enabled` has no such value"),
            ("interval = \"1m\"", "did you mean `every`?"),
            ("on-missed = \"all\"", "unknown option `on-missed`, did you mean `on_missed`?"),
            ("on_missed = \"all(+1)\"", "at least 1"),
            ("on_missed = \"all()\"", "at least 1"),
            ("max_running = 0", "at least 1"),
            ("max_running = 0x1_0000_0000", "at most"),
            ("max_running = 3i8", "leave the suffix `i8` out"),
            ("max_running = \"3\"", "write a whole number"),
            ("max_running = -3", "write a whole number"),
            ("align = \"yes\"", "write `true`, `false`"),
            ("scope = \"clustre\"", "did you mean `\"cluster\"`?"),
            ("scope = \"node\"", "write `\"process\"` or `\"cluster\"`"),
            ("scope = Scope::Cluster", "in quotes: `\"cluster\"`"),
            ("scope = 3", "write `\"process\"` or `\"cluster\"`"),
            ("name = \" \"", "not empty"),
            ("name = \"a\\nb\"", "one line"),
            ("name = \"a,b\"", "without commas"),
            ("name = \" a\"", "without white space at its ends"),
            ("name = \"a\\u{a0}\"", "without white space at its ends"),
            ("name = NAME", "write a string"),
            ("companion = \"X\"", "write an identifier"),
            ("companion = a::b", "write an identifier"),
            ("crate = \"a b\"", "write a path"),
            ("when = true", "write the path of a function"),
            ("when = leader()", "without calling it"),
            ("when = |a, b| true", "one too many"),
        ];
        for (case, part) in cases {
            let sentences = read(case).1;
            assert_eq!(sentences.len(), 1, "{case}: {sentences:?}");
            assert!(sentences.concat().contains(part), "{case}: {sentences:?}");
        }
    }

    #[test]
    fn a_queue_has_a_name_and_its_jobs_a_place() {
        for good in [
            "queue = \"mail\"",
            "queue = (r\"two words\")",
            "queue = \"a@b\"",
            "priority = 0",
            "priority = 0x9u32",
            "priority = URGENT + 1",
            "unique_for = \"1h\"",
            "unique_for = \"unfinished\"",
            "unique_for = Duration::from_secs(3)",
        ] {
            assert_eq!(read_as(Flavour::Job, good).1, [""; 0], "{good}");
        }
        for (wrong, told) in [
            ("queue = \"\"", "the name of a queue is not empty: write one such as `\"mail\"`"),
            ("queue = \"  \"", "the name of a queue is not empty"),
            ("queue = \"a,b\"", "the name of a queue is one line of text, without commas"),
            ("queue = \"a\\tb\"", "one line of text"),
            ("queue = \" a\"", "without white space at its ends"),
            ("queue = \"@mine\"", "begin with `@` are the library's own: leave the `@` out"),
            ("queue = mail", "write a string such as `\"mail\"`"),
            ("queue = 3", "write a string such as `\"mail\"`"),
            ("queue", "`queue` needs a value"),
            ("priority = 10", "`priority` is a number from 0, the most urgent, to 9"),
            ("priority = 99999999999", "`priority` is a number from 0, the most urgent, to 9"),
            ("priority = -1", "write a number from 0, the most urgent, to 9, or a `const` `u32`"),
            ("priority = \"high\"", "write a number from 0, the most urgent, to 9"),
            ("priority = 3u8", "leave the suffix `u8` out"),
            ("unique_for = 3600", "`unique_for` needs a unit"),
            ("unique_for = true", "else write `\"unfinished\"`"),
            ("unique_for = \"unfinshed\"", "did you mean `\"unfinished\"`?"),
            ("unique_for = unfinished", "in quotes: `\"unfinished\"`"),
        ] {
            let found = read_as(Flavour::Job, wrong).1;
            assert!(found.len() == 1 && found.concat().contains(told), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn every_mistake_in_the_list_is_reported() {
        let cases = [
            ("every = \"1m\" jitter = \"1s\"", 1),
            ("every \"1m\"", 1),
            ("every, jitter", 2),
            ("every =, jitter = \"1s\"", 1),
            ("every(\"1m\"), jitter: \"1s\"", 2),
            ("\"1m\", align = 3, evry = 3", 3),
            ("every = (1 +), jitter = 3", 2),
            ("every = 10 minutes, jitter = 10 s", 2),
            ("cron = [1, \"@daily\", DAILY, []], tz = 5, dst = 5, schedule = 5", 6),
            ("cron = 0 9 * * *, tz = UTC, dst = vixie", 3),
            ("cron = [0 9 * * *], every = 3", 2),
            ("on-missed = \"all\", evry-day = \"1m\"", 2),
            ("every = \"1m\", every = 3", 1),
            ("every = \"1m\";", 1),
            (",", 1),
        ];
        for (case, count) in cases {
            let sentences = read(case).1;
            assert_eq!(sentences.len(), count, "{case}: {sentences:?}");
        }
    }

    #[test]
    fn a_sentence_begins_small_and_ends_without_a_stop() {
        let all = "every, jitter = 3, on_overlap = \"x\", \"y\", colour = 3, max_running = 0, name = \"\", when = 1, \
                   cron = [], tz = UTC, dst = 3, schedule = \"\"";
        for sentence in read(all).1 {
            assert!(!sentence.starts_with(char::is_uppercase) && !sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn an_option_is_found_by_its_name() {
        let options = read("delay_mode = \"regular\", companion = Sync, crate = a::b, every = 3").0;
        assert_eq!(options.text("delay_mode").map(LitStr::value).as_deref(), Some("regular"));
        assert!(options.companion().is_some_and(|ident| ident == "Sync"));
        assert!(options.krate().is_some() && options.text("companion").is_none());
        assert!(options.find("every").is_some_and(|every| every.value.is_none()));
        assert_eq!(options.iter().count(), 4);
    }
}
