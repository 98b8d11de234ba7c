//! Which options together say when a job is due.

use proc_macro2::Span;
use syn::Lit;

use crate::attr::{Opt, Options, Value};
use crate::errors::Errors;

/// Notes every conflict among the options that say when the job is due.
pub(super) fn schedule(options: &Options, errors: &mut Errors) {
    let ways: Vec<&Opt> = options.iter().filter(|option| is_way(option)).collect();
    one_way(&ways, errors);
    if !options.unclear {
        some_way(options, &ways, errors);
        zone_needs_cron(options, &ways, errors);
    }
    match ways.first() {
        Some(calendar) if ways.iter().all(|way| way.name != "every") => period_is_needed(options, calendar, errors),
        _ => {
            align_needs_regular(options, errors);
            align_has_no_delay(options, errors);
        }
    }
}

fn is_way(option: &Opt) -> bool {
    matches!(option.name, "every" | "cron" | "schedule")
}

fn one_way(ways: &[&Opt], errors: &mut Errors) {
    let Some((first, others)) = ways.split_first() else { return };
    for other in others {
        let sentence =
            format!("`{}` and `{}` both say when the job is due: leave one of the two out", first.name, other.name);
        errors.at(&other.key, sentence);
    }
}

/// With `tz` or `dst`, it is `cron` that is missing, which is told there.
fn some_way(options: &Options, ways: &[&Opt], errors: &mut Errors) {
    if ways.is_empty() && of_cron(options).next().is_none() {
        let sentence =
            "a periodic job needs a schedule: write `every = \"10m\"`, `cron = \"30 2 * * *\"` or `schedule = …`";
        errors.at_span(Span::call_site(), sentence);
    }
}

fn of_cron(options: &Options) -> impl Iterator<Item = &Opt> {
    ["tz", "dst"].into_iter().filter_map(|name| options.find(name))
}

fn zone_needs_cron(options: &Options, ways: &[&Opt], errors: &mut Errors) {
    if ways.iter().any(|way| way.name == "cron") {
        return;
    }
    for option in of_cron(options) {
        let name = option.name;
        let sentence = match ways.first() {
            Some(way) => format!("`{name}` goes with `cron`: beside `{}` leave it out", way.name),
            None => format!("`{name}` goes with `cron`: add that, as in `cron = \"30 2 * * *\"`"),
        };
        errors.at(&option.key, sentence);
    }
}

/// What moves or aligns the ticks of a period has nothing to do with a calendar.
fn period_is_needed(options: &Options, calendar: &Opt, errors: &mut Errors) {
    let moved = [
        options.find("initial_delay").map(|delay| (delay, "`initial_delay`")),
        aligned(options).map(|align| (align, "`align`")),
        options.find("delay_mode").filter(|_| is_shifted(options)).map(|mode| (mode, "`delay_mode = \"shifted\"`")),
    ];
    for (option, written) in moved.into_iter().flatten() {
        errors.at(&option.key, format!("{written} goes with `every`: beside `{}` leave it out", calendar.name));
    }
}

fn align_needs_regular(options: &Options, errors: &mut Errors) {
    if let (Some(align), true) = (aligned(options), is_shifted(options)) {
        let sentence =
            "`align` keeps ticks at fixed times, `delay_mode = \"shifted\"` moves them: leave one of the two out";
        errors.at(&align.key, sentence);
    }
}

fn align_has_no_delay(options: &Options, errors: &mut Errors) {
    let aligned = options.find("align").is_some_and(|align| flag(align) == Some(true));
    if let (Some(delay), true) = (options.find("initial_delay"), aligned) {
        errors.at(&delay.key, "`align` says when the first tick is: leave `initial_delay` out");
    }
}

/// `align`, unless it is `false` for certain.
fn aligned(options: &Options) -> Option<&Opt> {
    options.find("align").filter(|align| flag(align) != Some(false))
}

fn is_shifted(options: &Options) -> bool {
    options.text("delay_mode").is_some_and(|mode| mode.value() == "shifted")
}

/// The value of a flag that is written out.
fn flag(option: &Opt) -> Option<bool> {
    let Some(Value::Flag(syn::Expr::Lit(literal))) = &option.value else {
        return None;
    };
    if let Lit::Bool(flag) = &literal.lit { Some(flag.value) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::Table;
    use crate::flavour::Flavour;

    fn mistakes(attribute: &str) -> Vec<String> {
        let mut errors = Errors::default();
        let options = Options::read(attribute.parse().expect("test tokens"), Table::of(Flavour::Periodic), &mut errors);
        schedule(&options, &mut errors);
        errors.sentences()
    }

    #[test]
    fn what_goes_together() {
        for attribute in [
            "every = \"1m\", align = true",
            "every = \"1m\", align = false, delay_mode = \"shifted\", initial_delay = \"1s\"",
            "every = \"1m\", align = cfg!(unix), initial_delay = \"1s\"",
            "cron = \"@daily\", tz = \"UTC\", dst = \"literal\"",
            "tz = \"UTC\", cron = [\"@daily\"]",
            "cron = \"@daily\", align = false, delay_mode = \"regular\"",
            "schedule = NIGHTLY, align = false",
        ] {
            assert_eq!(mistakes(attribute), [""; 0], "{attribute}");
        }
    }

    #[test]
    fn what_does_not_is_told_once() {
        for (attribute, told) in [
            ("", "write `every = \"10m\"`, `cron = \"30 2 * * *\"` or `schedule = …`"),
            ("align = true", "needs a schedule"),
            ("every = \"1m\", cron = \"@daily\"", "`every` and `cron` both say when"),
            ("cron = \"@daily\", every = \"1m\"", "`cron` and `every` both say when"),
            ("every = \"1m\", schedule = NIGHTLY", "`every` and `schedule` both say when"),
            ("cron = \"@daily\", schedule = NIGHTLY, tz = \"UTC\"", "`cron` and `schedule` both say when"),
            ("every = \"1m\", cron = \"@daily\", align = true", "`every` and `cron` both"),
            ("tz = \"UTC\"", "`tz` goes with `cron`: add that"),
            ("dst = \"vixie\"", "`dst` goes with `cron`: add that"),
            ("every = \"1m\", tz = \"UTC\"", "`tz` goes with `cron`: beside `every` leave it out"),
            ("dst = \"vixie\", schedule = NIGHTLY", "`dst` goes with `cron`: beside `schedule` leave it out"),
            ("crn = \"@daily\", tz = \"UTC\"", "did you mean `cron`?"),
            ("cron = 5, tz = \"UTC\"", "`cron` has no such value"),
            ("cron = \"@daily\", initial_delay = \"1s\"", "`initial_delay` goes with `every`: beside `cron`"),
            ("cron = \"@daily\", align = cfg!(unix)", "`align` goes with `every`"),
            (
                "schedule = NIGHTLY, delay_mode = \"shifted\"",
                "`delay_mode = \"shifted\"` goes with `every`: beside `schedule`",
            ),
            ("every = \"1m\", align = true, delay_mode = \"shifted\"", "leave one of the two out"),
            ("every = \"1m\", align = true, initial_delay = \"1s\"", "leave `initial_delay` out"),
        ] {
            let found = mistakes(attribute);
            assert_eq!(found.len(), 1, "{attribute}: {found:?}");
            assert!(found.concat().contains(told), "{attribute}: {found:?}");
        }
    }

    #[test]
    fn each_is_told_of_several() {
        for (attribute, count) in [
            ("every = \"1m\", cron = \"@daily\", schedule = NIGHTLY", 2),
            ("tz = \"UTC\", dst = \"vixie\"", 2),
            ("every = \"1m\", schedule = NIGHTLY, tz = \"UTC\", dst = \"vixie\"", 3),
            ("cron = \"@daily\", initial_delay = \"1s\", align = true, delay_mode = \"shifted\"", 3),
        ] {
            let found = mistakes(attribute);
            assert_eq!(found.len(), count, "{attribute}: {found:?}");
        }
    }
}
