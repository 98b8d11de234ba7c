//! Rules that types cannot show: which options go together, and which functions can be jobs.

mod clear;
mod options;
mod schedule;
mod stored;
mod types;

use quote::ToTokens;
use syn::{Attribute, FnArg, PatType, Path, ReturnType, Safety, Signature, Type};

use crate::attr::Options;
use crate::errors::Errors;
use crate::flavour::Flavour;
use crate::item::{Function, bare, own_type, typed};
pub(crate) use clear::{clear_part, lend_unsized};

/// The tuple of arguments is compared and hashed, which the standard library does up to this size.
const MOST_ARGUMENTS: usize = 12;

/// Notes every conflict among the options, and between them and the function.
pub(crate) fn options(flavour: Flavour, options: &Options, function: &Function, errors: &mut Errors) {
    match flavour {
        Flavour::Periodic => {
            schedule::schedule(options, errors);
            options::overlap(options, function.state().is_some(), errors);
            options::backoff_needs_attempts(options, errors);
            stored::cluster(options, function, errors);
        }
        Flavour::Job => {
            options::backoff_needs_attempts(options, errors);
            stored::queue_is_needed(options, errors);
            stored::queue(options, function, errors);
        }
        Flavour::Service => options::temporary_is_never_restarted(options, errors),
    }
}

/// Notes everything that keeps the function from being a job; whether the runtime could call it all the same.
pub(crate) fn function(flavour: Flavour, function: &mut Function, errors: &mut Errors) -> bool {
    one_attribute(flavour, &mut function.attrs, errors);
    qualifiers(&function.sig, errors);
    let before = errors.count();
    own_function(function, errors);
    callable(&function.sig, errors);
    generics(&function.sig, errors);
    parameters(function, errors);
    output(flavour, &function.sig, errors);
    errors.count() == before
}

/// A second attribute is taken away, since it would make the same type again.
fn one_attribute(first: Flavour, attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    attrs.retain(|attribute| {
        let second = flavour_of(attribute.path());
        if let Some(second) = second {
            errors.at(attribute.path(), one_of(first, second));
        }
        second.is_none()
    });
}

/// The flavour of one of our attributes. Other crates have a `job` and a `service` of their own, which are no less
/// known by the crate they are taken from.
fn flavour_of(path: &Path) -> Option<Flavour> {
    let mut segments = path.segments.iter().rev();
    let flavour = Flavour::named(&segments.next()?.ident)?;
    let ours = flavour == Flavour::Periodic || segments.next().is_none_or(|parent| parent.ident == "job_runtime");
    ours.then_some(flavour)
}

fn one_of(first: Flavour, second: Flavour) -> String {
    let (first, second) = (first.noun(), second.noun());
    if first == second {
        return format!("a function is one {first}: leave this attribute out");
    }
    format!("a function is either a {first} or a {second}: leave one of the two attributes out")
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// `#[tokio::main]` and `#[test]` make something else of the function; one that stands above is not seen here, but
/// `main` is still called so.
fn own_function(function: &Function, errors: &mut Errors) {
    let before = errors.count();
    for attribute in &function.attrs {
        if let Some(name) = ["main", "test"].iter().find(|name| ends_with(attribute.path(), name)) {
            errors.at(
                attribute.path(),
                format!("a job is not the `{name}` function too: put what both do into a function that both call"),
            );
        }
    }
    if errors.count() == before && function.name() == "main" {
        errors
            .at(&function.sig.ident, "a job is not the `main` function too: rename it, and let `main` start the jobs");
    }
}

fn qualifiers(sig: &Signature, errors: &mut Errors) {
    if let Some(token) = &sig.constness {
        errors.at(token, "a job runs at run time: leave `const` out");
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "a job is a Rust function: leave `extern` out");
    }
}

fn callable(sig: &Signature, errors: &mut Errors) {
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(token, "the runtime calls a job like any safe function: leave `unsafe` out");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "a job has a fixed number of parameters: leave `...` out");
    }
}

fn generics(sig: &Signature, errors: &mut Errors) {
    let generics = &sig.generics;
    if !generics.params.is_empty() {
        errors.at(generics, "a job has no generics: write its types out");
    }
    if let Some(clause) = &generics.where_clause {
        errors.at(clause, "a job has no `where` clause: write its types out");
    }
}

fn parameters(function: &Function, errors: &mut Errors) {
    for input in &function.sig.inputs {
        if let FnArg::Receiver(receiver) = input {
            errors.at(receiver, "a job is a free function without `self`: take shared data as `&T`, state as `&mut S`");
        }
    }
    if let (None, Some(own)) = (function.sig.receiver(), own_type(function.sig.to_token_stream())) {
        errors.at(own, "a job is a free function, outside of `impl` and `trait`: write the type out");
    }
    for param in typed(&function.sig) {
        parameter(param, errors);
    }
    one_state(&function.sig, errors);
    few_arguments(function, errors);
}

/// Attributes of a parameter are not evaluated before ours, so it is unknown whether the parameter is there.
fn no_cfg(param: &PatType, errors: &mut Errors) {
    for attribute in &param.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.at(attribute, "a parameter of a job is always there: put the condition on the function");
        }
    }
}

fn parameter(param: &PatType, errors: &mut Errors) {
    no_cfg(param, errors);
    if clear::is_unsized(&param.ty) {
        let sentence = "an argument has a size: take `&str`, `&[T]` or `&dyn Trait` as shared data, `String` or `Vec<T>` as an \
             argument";
        return errors.at(&param.ty, sentence);
    }
    let Type::Reference(reference) = bare(&param.ty) else {
        return types::owned(&param.ty, errors);
    };
    if let Some(lifetime) = &reference.lifetime {
        let sentence = "the runtime lends data and state for one run: leave the lifetime out, as in `&T` or `&mut S`";
        errors.at(lifetime, sentence);
    }
    types::owned(&reference.elem, errors);
}

fn one_state(sig: &Signature, errors: &mut Errors) {
    for second in typed(sig).filter(|param| is_state(param)).skip(1) {
        errors.at(&second.ty, "a job has one `&mut` state: put both into one struct");
    }
}

fn is_state(param: &PatType) -> bool {
    matches!(bare(&param.ty), Type::Reference(reference) if reference.mutability.is_some())
}

fn few_arguments(function: &Function, errors: &mut Errors) {
    if let Some(argument) = function.arguments().nth(MOST_ARGUMENTS) {
        errors.at(argument.param, format!("a job has at most {MOST_ARGUMENTS} arguments: put them into a struct"));
    }
}

fn output(flavour: Flavour, sig: &Signature, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &sig.output else {
        return;
    };
    if let Type::Never(never) = bare(ty) {
        return errors.at(never.to_token_stream(), ends(flavour));
    }
    types::returned(ty, errors);
}

/// What is said about a function that never returns.
fn ends(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Periodic => {
            "a periodic job ends: let each run be one turn of the loop, and return `()` or `Result<T, E>`"
        }
        Flavour::Job => {
            "a job on demand ends: make a `#[service]` of a loop without end, or return `()` or `Result<T, E>`"
        }
        Flavour::Service => {
            "a service ends when it is asked to stop: wait for `cx.cancelled()`, and return `()` or `Result<T, E>`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::Table;
    use proc_macro2::TokenStream;

    fn mistakes(flavour: Flavour, attribute: &str, item: &str) -> Vec<String> {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("test tokens");
        let mut errors = Errors::default();
        let written = Options::read(tokens(attribute), Table::of(flavour), &mut errors);
        let mut found = Function::read(tokens(item), &mut errors);
        if let Some(found) = &mut found {
            function(flavour, found, &mut errors);
            options(flavour, &written, found, &mut errors);
        }
        errors.sentences()
    }

    /// Each attribute, with as little as it needs.
    const FLAVOURS: [(Flavour, &str); 3] =
        [(Flavour::Periodic, "every = \"10m\""), (Flavour::Job, ""), (Flavour::Service, "")];

    #[test]
    fn good_jobs_have_no_mistake() {
        let items = [
            "fn f() {}",
            "async fn f() {}",
            "pub(crate) async fn f(cx: &Context, db: &(dyn Db)) -> Result<(), E> {}",
            "async fn f(_: &mut Seen, (a, b): (u8, u8), mut c: String) {}",
            "fn f(a: Cow<'static, str>, b: &Vec<&'static str>) -> Result<(), &'static str> {}",
            "fn f(a: &(dyn Fn(&str) -> &str + Send + Sync), b: &fn(&str) -> bool) {}",
            "fn f(a: &dyn for<'a> Visit<'static>, b: [u8; 4], c: &[u8], d: *const u8) {}",
            "#[doc = \"x\"] #[must_use] #[other::job] fn r#match() -> Result<u8, E> { this is no rust }",
        ];
        for (item, (flavour, attribute)) in items.iter().flat_map(|item| FLAVOURS.map(|flavour| (item, flavour))) {
            assert_eq!(mistakes(flavour, attribute, item), [""; 0], "{item}");
        }
    }

    #[test]
    fn functions_that_are_no_jobs() {
        let cases = [
            ("const fn f() {}", "leave `const` out"),
            ("unsafe fn f() {}", "leave `unsafe` out"),
            ("extern \"C\" fn f() {}", "leave `extern` out"),
            ("unsafe extern \"C\" fn f(x: ...) {}", "leave `...` out"),
            ("fn f<T>() {}", "no generics"),
            ("fn f<const N: usize>() {}", "no generics"),
            ("fn f<'a>() {}", "no generics"),
            ("fn f() where u8: Copy {}", "no `where` clause"),
            ("fn f(&self) {}", "without `self`"),
            ("fn f(#[cfg(x)] a: u8) {}", "put the condition on the function"),
            ("fn f(a: &'static u8) {}", "leave the lifetime out"),
            ("fn f(a: &mut u8, b: &mut u8) {}", "one `&mut` state"),
            ("fn f(a: [u8]) {}", "an argument has a size"),
            ("fn f(a: dyn Db) {}", "an argument has a size"),
            ("fn f(a: (str)) {}", "an argument has a size"),
            ("fn f(a: impl Copy) {}", "no `impl Trait`"),
            ("fn f(a: &impl Copy) {}", "no `impl Trait`"),
            ("fn f(a: Vec<&str>) {}", "holds no references"),
            ("fn f(a: &(&u8, u8)) {}", "holds no references"),
            ("fn f(a: [&u8; 2]) {}", "holds no references"),
            ("fn f(a: Foo<'_>) {}", "holds no lifetime"),
            ("fn f(a: Box<dyn Foo + '_>) {}", "holds no lifetime"),
            ("fn f() -> impl Future {}", "`impl Trait`"),
            ("fn f() -> &str {}", "returns nothing borrowed"),
            ("fn f() -> Result<&str, E> {}", "returns nothing borrowed"),
            ("fn f(a: Vec<Self>) {}", "outside of `impl`"),
            ("#[tokio::main] async fn f() {}", "not the `main` function"),
            ("#[test] fn f() {}", "not the `test` function"),
            ("fn main() {}", "rename it"),
            ("struct F;", "belongs on a function"),
            ("const F: fn() = f;", "belongs on a function"),
            ("fn f();", "needs a body"),
        ];
        for ((item, part), (flavour, attribute)) in
            cases.iter().flat_map(|case| FLAVOURS.map(|flavour| (case, flavour)))
        {
            let found = mistakes(flavour, attribute, item);
            assert!(found.iter().any(|sentence| sentence.contains(part)), "{item}: {found:?}");
        }
        let many = format!("fn f({}) {{}}", "a: u8, ".repeat(13));
        for (flavour, attribute) in FLAVOURS {
            assert!(mistakes(flavour, attribute, &many).concat().contains("at most 12 arguments"));
        }
    }

    #[test]
    fn what_never_returns_is_told_what_it_is_instead() {
        for ((flavour, attribute), told) in FLAVOURS.into_iter().zip([
            "a periodic job ends: let each run be one turn of the loop",
            "a job on demand ends: make a `#[service]` of a loop without end",
            "a service ends when it is asked to stop: wait for `cx.cancelled()`",
        ]) {
            let found = mistakes(flavour, attribute, "fn f() -> ! {}");
            assert!(found.len() == 1 && found.concat().starts_with(told), "{found:?}");
        }
    }

    #[test]
    fn a_function_is_a_job_of_one_kind() {
        for (index, item, told) in [
            (0, "#[periodic(every = \"1m\")] fn f() {}", "a function is one periodic job: leave this"),
            (0, "#[job_runtime::periodic] fn f() {}", "a function is one periodic job: leave this"),
            (1, "#[job] fn f() {}", "a function is one job on demand: leave this attribute out"),
            (2, "#[job_runtime::service(restart = 3)] fn f() {}", "a function is one service: leave this"),
            (0, "#[job] fn f() {}", "a function is either a periodic job or a job on demand: leave one of the two"),
            (1, "#[::job_runtime::service] fn f() {}", "either a job on demand or a service: leave one"),
            (2, "#[my::job_runtime::periodic] fn f() {}", "either a service or a periodic job: leave one"),
        ] {
            let (flavour, attribute) = FLAVOURS[index];
            let found = mistakes(flavour, attribute, item);
            assert!(found.len() == 1 && found.concat().contains(told), "{item}: {found:?}");
        }
        assert_eq!(mistakes(Flavour::Job, "", "#[job] #[service] #[periodic] fn f() {}").len(), 3);
    }

    #[test]
    fn each_attribute_has_its_own_conflicts() {
        let cases = [
            (
                Flavour::Periodic,
                "every = \"1m\", on_overlap = \"run\"",
                "fn f(s: &mut u8) {}",
                Some("one `&mut` state"),
            ),
            (Flavour::Periodic, "every = \"1m\", on_overlap = \"queue\"", "fn f(s: &mut u8) {}", None),
            (Flavour::Periodic, "every = \"1m\", max_running = 2", "fn f() {}", None),
            (Flavour::Periodic, "every = \"1m\", max_running = 2", "fn f(s: &mut u8) {}", Some("runs once at a time")),
            (Flavour::Periodic, "every = \"1m\", max_running = 2, on_overlap = \"queue\"", "fn f() {}", Some("bounds")),
            (Flavour::Periodic, "every = \"1m\", backoff = \"1s\"", "fn f() {}", Some("add `max_attempts`")),
            (Flavour::Periodic, "every = \"1m\", backoff = \"1s\", max_attempts = 1", "fn f() {}", None),
            (Flavour::Periodic, "evry = \"1m\"", "fn f() {}", Some("did you mean `every`?")),
            (Flavour::Periodic, "", "fn f() {}", Some("a periodic job needs a schedule")),
            (Flavour::Job, "max_running = 2", "fn f(s: &mut u8) {}", None),
            (Flavour::Job, "backoff = \"1s\"", "fn f() {}", Some("add `max_attempts`")),
            (Flavour::Service, "backoff = \"1s\"", "fn f() {}", None),
            (Flavour::Service, "backoff = \"1s\", restart = \"temporary\"", "fn f() {}", Some("is never restarted")),
        ];
        for (flavour, attribute, item, part) in cases {
            let found = mistakes(flavour, attribute, item);
            assert_eq!(found.len(), usize::from(part.is_some()), "{attribute}: {found:?}");
            assert!(found.concat().contains(part.unwrap_or_default()), "{attribute}: {found:?}");
        }
    }
}
