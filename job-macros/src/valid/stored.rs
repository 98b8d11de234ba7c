//! What does not go with a store: beside `queue`, whose jobs any process may run, and beside `scope = "cluster"`, which
//! has one schedule for all of them.

use syn::ext::IdentExt;
use syn::{Ident, Pat, PatType};

use super::is_state;
use crate::attr::{Opt, Options};
use crate::errors::Errors;
use crate::item::{Argument, Function, typed};

/// Notes what is said of a queue that is not there.
pub(super) fn queue_is_needed(options: &Options, errors: &mut Errors) {
    if options.find("queue").is_some() || options.unclear {
        return;
    }
    for (name, is) in
        [("priority", "is one among the jobs of a queue"), ("unique_for", "is for jobs that wait in a queue")]
    {
        if let Some(option) = options.find(name) {
            errors.at(&option.key, format!("`{name}` {is}: add that, as in `queue = \"mail\"`"));
        }
    }
}

/// Notes what does not go with the queue, if there is one.
pub(super) fn queue(options: &Options, function: &Function, errors: &mut Errors) {
    if options.find("queue").is_none() {
        return;
    }
    if let Some(max_running) = options.find("max_running") {
        let sentence = "the queue says how many run: leave `max_running` out, or give the job a queue of its own";
        errors.at(&max_running.key, sentence);
    }
    if let Some(max_pending) = options.find("max_pending") {
        errors.at(&max_pending.key, "any number of jobs wait in a queue: leave `max_pending` out");
    }
    if let Some(state) = state(function) {
        let sentence = "a job in a queue runs in any process, and its `&mut` state would be another in each: keep it in \
                        the store or in shared data";
        errors.at(&state.ty, sentence);
    }
    names(function, errors);
}

/// Notes what does not go with a schedule that all nodes share, if it is one.
pub(super) fn cluster(options: &Options, function: &Function, errors: &mut Errors) {
    if options.text("scope").is_none_or(|scope| scope.value() != "cluster") {
        return;
    }
    if let Some(state) = state(function) {
        let sentence = "`scope = \"cluster\"` runs the job on any node, and its `&mut` state would be another on each: \
                        keep it in the store or in shared data";
        errors.at(&state.ty, sentence);
    }
    if let Some(argument) = function.arguments().next() {
        let sentence = "`scope = \"cluster\"` has one schedule for all nodes: leave the arguments by value out";
        errors.at(argument.param, sentence);
    }
    if let Some(mode) = shifted(options) {
        let sentence =
            "`scope = \"cluster\"` names the times of all ticks beforehand: leave `delay_mode = \"shifted\"` out";
        errors.at(&mode.key, sentence);
    }
    if let Some(splay) = options.find("splay") {
        errors.at(&splay.key, "`splay` spreads nodes, of which `scope = \"cluster\"` takes one: leave it out");
    }
}

fn shifted(options: &Options) -> Option<&Opt> {
    let shifted = options.text("delay_mode").is_some_and(|mode| mode.value() == "shifted");
    options.find("delay_mode").filter(|_| shifted)
}

fn state(function: &Function) -> Option<&PatType> {
    typed(&function.sig).find(|param| is_state(param))
}

/// Each argument has a name that it is written by. Two that only the hygiene of a macro tells apart have one.
fn names(function: &Function, errors: &mut Errors) {
    let mut names: Vec<Ident> = Vec::new();
    for argument in function.arguments() {
        match argument.name().map(IdentExt::unraw) {
            None => unnamed(argument, errors),
            Some(name) if names.contains(&name) => {
                let sentence =
                    format!("the arguments of a job in a queue are written by their names: two are `{name}`");
                errors.at(&argument.param.pat, sentence);
            }
            Some(name) => names.push(name),
        }
    }
}

fn unnamed(argument: Argument<'_>, errors: &mut Errors) {
    let pattern = &argument.param.pat;
    let apart = if matches!(**pattern, Pat::Wild(_)) { "" } else { ", and take it apart in the body" };
    let sentence = "the arguments of a job in a queue are written by their names: give this one a name";
    errors.at(pattern, format!("{sentence}{apart}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::Table;
    use crate::flavour::Flavour;

    fn mistakes(flavour: Flavour, attribute: &str, item: &str) -> Vec<String> {
        let mut errors = Errors::default();
        let options = Options::read(attribute.parse().expect("test tokens"), Table::of(flavour), &mut errors);
        let function = Function::read(item.parse().expect("test tokens"), &mut errors).expect("a function");
        match flavour {
            Flavour::Periodic => cluster(&options, &function, &mut errors),
            Flavour::Job => {
                queue_is_needed(&options, &mut errors);
                queue(&options, &function, &mut errors);
            }
            Flavour::Service => {}
        }
        errors.sentences()
    }

    #[test]
    fn what_goes_together() {
        for (flavour, attribute, item) in [
            (Flavour::Job, "queue = \"mail\"", "fn f(a: u8, mut b: String, _c: u8, r#type: u8, cx: &Context) {}"),
            (Flavour::Job, "queue = \"mail\", priority = 9, unique_for = \"1h\", timeout = \"1m\"", "fn f() {}"),
            (Flavour::Job, "queue = \"mail\", unique_for = \"unfinished\", max_attempts = 20", "fn f(all @ _: u8) {}"),
            (Flavour::Job, "max_running = 3, max_pending = 0", "fn f((a, b): (u8, u8), s: &mut S) {}"),
            (Flavour::Job, "topic = \"mail\", priority = 3", "fn f() {}"),
            (Flavour::Periodic, "scope = \"cluster\", delay_mode = \"regular\"", "fn f(db: &Db, cx: &Context) {}"),
            (Flavour::Periodic, "scope = \"process\", splay = \"1s\", delay_mode = \"shifted\"", "fn f(a: u8) {}"),
            (Flavour::Periodic, "splay = \"1s\"", "fn f(a: u8, s: &mut S) {}"),
        ] {
            let mut found = mistakes(flavour, attribute, item);
            found.retain(|sentence| !sentence.contains("did you mean `queue`?"));
            assert_eq!(found, [""; 0], "{attribute}");
        }
    }

    #[test]
    fn what_does_not_is_told_once() {
        for (flavour, attribute, item, told) in [
            (Flavour::Job, "priority = 3", "fn f() {}", "`priority` is one among the jobs of a queue: add that"),
            (
                Flavour::Job,
                "unique_for = \"1h\"",
                "fn f() {}",
                "`unique_for` is for jobs that wait in a queue: add that",
            ),
            (Flavour::Job, "queue = \"a\", max_running = 3", "fn f() {}", "the queue says how many run"),
            (Flavour::Job, "queue = \"a\", max_pending = 3", "fn f() {}", "any number of jobs wait in a queue"),
            (Flavour::Job, "queue = \"a\"", "fn f(s: &mut S) {}", "runs in any process, and its `&mut` state"),
            (Flavour::Job, "queue = \"a\"", "fn f((a, b): (u8, u8)) {}", "a name, and take it apart"),
            (Flavour::Job, "queue = \"a\"", "fn f(_: u8) {}", "give this one a name"),
            (Flavour::Job, "queue = \"a\"", "fn f(a: u8, a: u8) {}", "two are `a`"),
            (Flavour::Job, "queue = \"a\"", "fn f(r#a: u8, a: u8) {}", "two are `a`"),
            (Flavour::Job, "queue = 3", "fn f(_: u8) {}", "give this one a name"),
            (Flavour::Periodic, "scope = \"cluster\"", "fn f(s: &mut S) {}", "runs the job on any node"),
            (Flavour::Periodic, "scope = \"cluster\"", "fn f(a: u8, b: u8) {}", "leave the arguments by value out"),
            (Flavour::Periodic, "scope = \"cluster\", splay = \"1s\"", "fn f() {}", "`splay` spreads nodes"),
            (
                Flavour::Periodic,
                "scope = \"cluster\", delay_mode = \"shifted\"",
                "fn f() {}",
                "leave `delay_mode = \"shifted\"` out",
            ),
        ] {
            let mut found = mistakes(flavour, attribute, item);
            found.retain(|sentence| !sentence.contains("`queue` has no such value"));
            assert!(found.len() == 1 && found.concat().contains(told), "{attribute}: {found:?}");
        }
    }

    #[test]
    fn each_is_told_of_several() {
        let all = "queue = \"a\", max_running = 3, max_pending = 3";
        assert_eq!(mistakes(Flavour::Job, all, "fn f(_: u8, (a, b): (u8, u8), s: &mut S) {}").len(), 5);
        assert_eq!(mistakes(Flavour::Job, "priority = 3, unique_for = \"1h\"", "fn f(_: u8) {}").len(), 2);
        let all = "scope = \"cluster\", splay = \"1s\", delay_mode = \"shifted\"";
        assert_eq!(mistakes(Flavour::Periodic, all, "fn f(a: u8, s: &mut S) {}").len(), 4);
    }
}
