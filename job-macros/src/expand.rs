//! Glue only: the type beside the function, checks of the literals, and one expression that calls the runtime; and a
//! group.

mod arguments;
mod checks;
mod companion;
mod group;
mod place;
mod registration;
mod role;
mod runtime;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ReturnType;
use syn::ext::IdentExt;

pub(crate) use self::group::group;
use self::place::{Stretch, local, ours};
use self::role::Role;
use crate::attr::{Options, Table, Value};
use crate::errors::Errors;
use crate::flavour::Flavour;
use crate::item::Function;
use crate::valid;

/// What `#[periodic(attr)] item` becomes, and the same with the other attributes.
pub(crate) fn expand(flavour: Flavour, attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(attr, Table::of(flavour), &mut errors);
    let Some(mut function) = Function::read(item.clone(), &mut errors) else {
        return alone(item, &errors);
    };
    let sound = valid::function(flavour, &mut function, &mut errors);
    valid::options(flavour, &options, &function, &mut errors);
    // None of the items beside the function may stand inside an `impl`.
    let beside = if function.is_associated() {
        errors.to_token_stream()
    } else {
        glue(&Job { flavour, options: &options, function: &function }, sound, &errors)
    };
    valid::lend_unsized(&mut function.sig);
    quote!(#function #beside)
}

/// With mistakes too, since it holds what the compiler is asked; of an unsound signature that is its clear part.
///
/// They are told in a body: a `compile_error!` that is an item keeps rustc from telling which names are not defined.
fn glue(job: &Job<'_>, sound: bool, errors: &Errors) -> TokenStream {
    let clear = (!sound).then(|| valid::clear_part(job.flavour, job.function));
    let job = Job { function: clear.as_ref().unwrap_or(job.function), ..*job };
    let (literals, constants) = (checks::literals(&job), checks::constants(&job));
    let registration = registration::registration(&job, sound);
    let companion = companion::companion(&job, &quote!(#errors #constants #registration));
    quote!(#companion #literals)
}

/// An item that no job can be made of.
fn alone(mut item: TokenStream, errors: &Errors) -> TokenStream {
    errors.to_tokens(&mut item);
    item
}

/// What all the glue is made of.
struct Job<'j> {
    flavour: Flavour,
    options: &'j Options,
    function: &'j Function,
}

impl Job<'_> {
    /// What the runtime has for us.
    fn private(&self, span: Span) -> TokenStream {
        runtime::private(self.options, span)
    }

    /// The companion's name: looked up where the function stands, but written by us as far as lints go.
    fn companion(&self) -> Ident {
        let name = self.options.companion().unwrap_or(&self.function.sig.ident);
        ours(name)
    }

    /// Whether it is started for each value of its arguments; a job on demand is given them by each `spawn`.
    fn is_template(&self) -> bool {
        self.flavour != Flavour::Job && self.function.arguments().next().is_some()
    }

    /// Whether it waits in a queue of a store, whatever that is called.
    fn is_queued(&self) -> bool {
        self.flavour == Flavour::Job && self.options.find("queue").is_some()
    }

    /// Whether it is kept in a store, for all nodes.
    fn is_stored(&self) -> bool {
        self.is_queued() || self.options.text("scope").is_some_and(|scope| scope.value() == "cluster")
    }

    /// What a parameter by value is.
    fn argument(&self) -> Role {
        match self.flavour {
            Flavour::Periodic | Flavour::Service => Role::Argument,
            Flavour::Job if self.is_queued() => Role::Queued,
            Flavour::Job => Role::Message,
        }
    }

    /// Whether a run may have more than one attempt, as far as the attribute tells.
    fn is_repeated(&self) -> bool {
        self.options.find("max_attempts").is_some_and(|attempts| match &attempts.value {
            Some(Value::Count(number)) => number.base10_parse::<u32>().is_ok_and(|attempts| attempts > 1),
            _ => true,
        })
    }

    /// What the function returns, and where that is written.
    fn output(&self) -> (TokenStream, Stretch) {
        match &self.function.sig.output {
            ReturnType::Default => (quote!(()), Stretch::of(&self.function.sig.ident)),
            ReturnType::Type(_, ty) => (ty.to_token_stream(), Stretch::of(ty)),
        }
    }

    /// The constant that holds the value of an option.
    fn constant(&self, option: &str) -> Ident {
        self.unused_name(&option.to_uppercase())
    }

    /// An item or a type parameter knows no hygiene: this name, or the first one made of it that the user has not
    /// written.
    fn unused_name(&self, name: &str) -> Ident {
        let mut used = vec![self.companion().unraw()];
        collect_names(self.function.sig.to_token_stream(), &mut used);
        collect_names(runtime::krate(self.options, Span::call_site()), &mut used);
        for expr in self.options.iter().filter_map(|option| option.value.as_ref()?.expr()) {
            collect_names(expr.to_token_stream(), &mut used);
        }
        let candidates = (1..).map(|number| format_ident!("{name}{number}"));
        let free = std::iter::once(format_ident!("{name}")).chain(candidates).find(|name| !used.contains(name));
        free.unwrap_or_else(|| local(name))
    }
}

fn collect_names(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        if let TokenTree::Ident(ident) = &token {
            names.push(ident.unraw());
        } else if let TokenTree::Group(group) = token {
            collect_names(group.stream(), names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(attribute: &str, item: &str) -> String {
        expanded_as(Flavour::Periodic, attribute, item)
    }

    fn expanded_as(flavour: Flavour, attribute: &str, item: &str) -> String {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("test tokens");
        expand(flavour, tokens(attribute), tokens(item)).to_string().replace(' ', "")
    }

    /// Without the paths of the runtime and what is inferred.
    fn in_short(expanded: &str) -> String {
        expanded.replace("::job_runtime::__private::", "").replace("<_>", "")
    }

    #[track_caller]
    fn has(found: &str, parts: &[&str]) {
        for part in parts {
            assert!(found.contains(part), "{part} in {found}");
        }
    }

    #[track_caller]
    fn has_not(found: &str, parts: &[&str]) {
        for part in parts {
            assert!(!found.contains(part), "{part} in {found}");
        }
    }

    #[test]
    fn the_function_comes_first_and_untouched() {
        let item = "#[must_use]pubasyncfnsync(db:&Db){not[]rust}";
        let written = "#[must_use] pub async fn sync(db: &Db) { not [] rust }";
        assert!(expanded("every = \"1m\"", written).starts_with(item));
        assert!(expanded("evry = 1", written).starts_with(item));
    }

    #[test]
    fn mistakes_keep_the_type_and_the_checks() {
        let found = expanded("every = \"1m\", colour = 3, max_attempts = 0", "fn f() {}");
        assert_eq!(found.matches("compile_error!").count(), 2, "{found}");
        assert!(found.contains("enumf{}") && found.contains("period(\"1m\")"), "{found}");
        let types = "fn f(a: &Cell<u8>, b: u8) -> Option<u8> {}";
        let found = expanded("every = \"1m\", when = leader, colour = 3", types);
        for part in ["<Cell<u8>as", "<u8as", "<Option<u8>as", "leader"] {
            assert!(found.contains(part), "{part} in {found}");
        }
    }

    #[test]
    fn an_unsound_function_is_not_called_but_its_clear_types_are_checked() {
        let written =
            "unsafe fn f(a: &Cell<u8>, b: &'static u8, c: [u16], d: u32, e: &mut S, g: &mut Z) -> Option<u8> {}";
        let found = expanded("every = \"1m\", when = leader", written);
        for part in ["<Cell<u8>as", "<u32as", "<Sas", "<Option<u8>as", "leader"] {
            assert!(found.contains(part), "{part} in {found}");
        }
        for part in ["<u8as", "<u16as", "<[u16]as", "<Zas", "::give(", "::get("] {
            assert!(!found.contains(part), "{part} in {found}");
        }
        let generic = expanded("every = \"1m\"", "fn f<T>(a: &T) -> Vec<T> {}");
        assert!(!generic.contains("<Tas") && generic.contains("JobHandle<()>"), "{generic}");
    }

    #[test]
    fn what_is_no_function_is_left_alone() {
        for item in ["struct F;", "mod m {}", "impl F {}", "fn f();"] {
            let found = expanded("every = \"1m\"", item);
            assert!(found.starts_with(&item.replace(' ', "")) && !found.contains("enum"), "{found}");
        }
    }

    #[test]
    fn a_method_gets_no_items_beside_it() {
        let found = expanded("every = \"1m\"", "fn f(&self) {}");
        assert!(!found.contains("enum") && !found.contains("const_"), "{found}");
    }

    #[test]
    fn parameters_become_what_they_say() {
        let item = "async fn f(a: u8, cx: &Context, (b, c): (u8, u8), db: &(dyn Db), s: &mut Seen) {}";
        let found = in_short(&expanded("every = \"1m\"", item));
        for part in [
            ".needs::<<ContextasAsData>::Kept>().needs::<<dynDbasAsData>::Kept>()",
            ".state::<<SeenasAsState>::Kept>(",
            ".args::<(<u8asAsArgument>::Kept,<(u8,u8)asAsArgument>::Kept,)>()",
            "f(<u8asAsArgument>::give(a0),<ContextasAsData>::get(&shared),<(u8,u8)asAsArgument>::give(a1),\
             <dynDbasAsData>::get(&shared),<SeenasAsState>::lend(&mutstate)).await",
            "fnstart(a:u8,a1:(u8,u8),)",
            "peek_at::<Self,_,<SeenasAsState>::Kept,T>({letkept:(<u8asAsArgument>::Kept,<(u8,u8)asAsArgument>::Kept,)=\
             (<u8asAsArgument>::keep(a),<(u8,u8)asAsArgument>::keep(a1),);kept},\
             move|kept|f(<SeenasAsState>::show(kept)))",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        assert!(!found.contains("trigger"), "{found}");
    }

    #[test]
    fn a_job_on_demand_is_spawned_with_its_arguments() {
        let item = "async fn f(a: u8, cx: &Context, (b, c): (u8, u8)) -> Result<u8, E> {}";
        let found = in_short(&expanded_as(Flavour::Job, "", item));
        let kept = "(<u8asAsMessage>::Kept,<(u8,u8)asAsMessage>::Kept,)";
        has(
            &found,
            &[
                "Registration::job(Place::new(\"f\"",
                &format!(".message::<{kept}>("),
                &format!("(&argument::copies::<{kept}>()).ask()"),
                "argument::by_value({useargument::TakenByValueas_;(&argument::taken::<u8>()).ask()})",
                "let(shared,state,(a0,a1,))=input.open::<(),_>()",
                "f(<u8asAsMessage>::give(a0),<ContextasAsData>::get(&shared),<(u8,u8)asAsMessage>::give(a1)).await",
                &format!(
                    "#[track_caller]fnspawn(a:u8,a1:(u8,u8),)->JobHandle<Result<u8,E>>{{control::spawn::<Self,_,\
                     <Result<u8,E>asReturn>::Kept>({{letkept:{kept}=\
                     (<u8asAsMessage>::keep(a),<(u8,u8)asAsMessage>::keep(a1),);kept}})}}"
                ),
                "fntry_spawn(a:u8,a1:(u8,u8),)->::core::result::Result::<JobHandle<Result<u8,E>>,\
                 RunError<ErrorOf::<Result<u8,E>>>>{",
                "fnspawn_after(delay:implIntoDuration,a:u8,",
                "control::spawn_after::<Self,_,<Result<u8,E>asReturn>::Kept>(delay,{let",
                "fnspawn_at(time:::std::time::SystemTime,a:u8,",
                "implIsJob<Own>forf{}",
            ],
        );
        has_not(&found, &["AsRepeated", "fntrigger", "fnstart", "fnpeek"]);
    }

    #[test]
    fn a_job_on_demand_without_arguments_has_an_empty_message() {
        let found = in_short(&expanded_as(Flavour::Job, "", "fn f(s: &mut Seen) {}"));
        has(
            &found,
            &[
                ".message::<()>(",
                "fnspawn()->JobHandle<()>",
                "->::core::result::Result::<JobHandle<()>,RunError<::core::convert::Infallible>>",
                "input.open::<_,_>()",
                "asyncfnpeek<T>(f:impl",
            ],
        );
    }

    #[test]
    fn a_job_on_demand_has_one_state_whatever_its_arguments() {
        let found = in_short(&expanded_as(Flavour::Job, "", "fn f(a: u8, s: &mut Seen) {}"));
        has(&found, &["asyncfnpeek<T>(f:impl", "control::peek::<Self,<SeenasAsState>::Kept,T>("]);
    }

    #[test]
    fn arguments_are_repeated_where_there_may_be_several_attempts() {
        for (attribute, repeated) in [
            ("", false),
            ("max_attempts = 1", false),
            ("max_attempts = 0x1u32", false),
            ("max_attempts = 2", true),
            ("max_attempts = ATTEMPTS", true),
            ("max_attempts = \"2\"", true),
        ] {
            let found = expanded_as(Flavour::Job, attribute, "fn f(a: u8) {}");
            assert_eq!(found.contains("<u8as::job_runtime::__private::AsRepeated<_>>::Kept"), repeated, "{attribute}");
        }
    }

    #[test]
    fn a_job_in_a_queue_is_put_there_by_the_names_of_its_arguments() {
        let item = "async fn f(r#type: u8, cx: &Context, mut to: String) -> Result<u8, E> {}";
        let attribute = "queue = \"mail\", priority = 1, unique_for = \"1h\", max_attempts = 20";
        let found = in_short(&expanded_as(Flavour::Job, attribute, item));
        let kept = "(<u8asAsQueued>::Kept,<StringasAsQueued>::Kept,)";
        let keep = format!("{{letkept:{kept}=(<u8asAsQueued>::keep(r#type),<StringasAsQueued>::keep(to),);kept}}");
        has(
            &found,
            &[
                "const_:()=check_queue(\"mail\");",
                ".text(\"queue\",\"mail\").number(\"priority\",1).text(\"unique_for\",\"1h\")",
                &format!(
                    ".message::<{kept}>(::core::option::Option::None)\
                     .wire(|text|control::read::<{kept}>(&[\"type\",\"to\"],text))"
                ),
                "let(shared,state,(a0,a1,))=input.open::<(),_>()",
                "f(<u8asAsQueued>::give(a0),<ContextasAsData>::get(&shared),<StringasAsQueued>::give(a1)).await",
                &format!(
                    "fnenqueue(r#type:u8,to:String,)->Enqueue<Result<u8,E>>{{\
                     control::enqueue::<Self,_,Result<u8,E>>(&[\"type\",\"to\"],{keep})}}"
                ),
                &format!(
                    "fnenqueue_all(all:impl::core::iter::IntoIterator<Item=(u8,String)>)\
                     ->Enqueue<Result<u8,E>,::std::vec::Vec<Enqueued>>{{\
                     control::enqueue_all::<Self,_,Result<u8,E>>(&[\"type\",\"to\"],\
                     ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(all),|(r#type,to)|{keep}))}}"
                ),
                "asyncfnpause(",
                "asyncfnstatus(",
            ],
        );
        has_not(&found, &["AsMessage", "AsRepeated", "argument::", "spawn", "fntrigger", "compile_error"]);
    }

    #[test]
    fn several_are_put_in_with_the_argument_alone_or_with_nothing() {
        let found = in_short(&expanded_as(Flavour::Job, "queue = \"mail\"", "fn f(to: u8) {}"));
        has(&found, &["IntoIterator<Item=u8>", ",|to|{letkept:(<u8asAsQueued>::Kept,)=(<u8asAsQueued>::keep(to),);"]);
        let found = in_short(&expanded_as(Flavour::Job, "queue = \"mail\"", "fn f() {}"));
        has(&found, &["fnenqueue()->Enqueue<()>", "IntoIterator<Item=()>", ",|()|{letkept:()=();", "::<()>(&[],text)"]);
    }

    #[test]
    fn with_mistakes_a_job_in_a_queue_is_still_one() {
        for (attribute, item) in [
            ("queue = mail", "fn f(to: u8) {}"),
            ("queue = \"a,b\", max_pending = 3", "fn f(s: &mut S) {}"),
            ("queue = \"mail\"", "fn f(_: u8, (a, b): (u8, u8)) {}"),
        ] {
            let found = in_short(&expanded_as(Flavour::Job, attribute, item));
            has(&found, &["compile_error!", "fnenqueue(", "fnenqueue_all("]);
            has_not(&found, &["spawn", "AsMessage"]);
        }
    }

    #[test]
    fn a_tick_of_all_nodes_asks_the_runtime_whether_there_is_a_store() {
        let item = "async fn f(db: &Db) -> Result<u8, E> {}";
        let found = in_short(&expanded("every = \"1m\", scope = \"cluster\"", item));
        has(
            &found,
            &[
                "const_:()=check_cluster(\"cluster\");",
                ".text(\"scope\",\"cluster\")",
                "asyncfntrigger()",
                "orthestoredidnotanswer",
                "Pauses`f()`onallnodes,andoverrestarts:notickstartsarun",
            ],
        );
        let found = in_short(&expanded("every = \"1m\", scope = \"process\"", item));
        has(&found, &[".text(\"scope\",\"process\")"]);
        has_not(&found, &["check_cluster", "allnodes", "thestore"]);
    }

    #[test]
    fn a_priority_that_is_an_expression_is_judged() {
        let found = expanded_as(Flavour::Job, "queue = \"mail\", priority = URGENT", "fn f() {}");
        let told = "`priority`isanumberfrom0,themosturgent,to9";
        has(&found, &[&format!("const_:()={{ifPRIORITY>9u32{{::core::panic!(\"{told}\")}}}};")]);
    }

    #[test]
    fn a_service_runs_by_itself_and_with_arguments_it_is_a_template() {
        let found = in_short(&expanded_as(Flavour::Service, "", "async fn f(cx: &Context) {}"));
        has(&found, &["Registration::service(", "fnpause(", "fnresume(", "fnstatus(", "input.split::<(),_>()"]);
        has_not(&found, &["fntrigger", "fnstart", "fnspawn", ".message", ".args"]);
        let found = in_short(&expanded_as(Flavour::Service, "max_restarts = 0", "fn f(a: u8, s: &mut S) {}"));
        has(
            &found,
            &[".number(\"max_restarts\",0)", ".args::<(<u8asAsArgument>::Kept,)>()", "fnstart(a:u8,)", "fnstop(a:u8,)"],
        );
        has(&found, &["peek<T>(a:u8,f:impl", "input.split::<_,_>()"]);
    }

    #[test]
    fn what_a_pause_means_is_said_for_each_kind() {
        let pauses = [
            (Flavour::Periodic, "Pauses`f()`:notickstartsarununtilitisresumed."),
            (Flavour::Job, "Pauses`f()`:nothingthatisspawnedstartsuntilitisresumed."),
            (Flavour::Service, "Pauses`f()`:itisaskedtostop,andnotstarteduntilitisresumed."),
        ];
        let found = expanded_as(Flavour::Job, "queue = \"mail\"", "fn f() {}");
        has(&found, &["Pauses`f()`onallnodes,andoverrestarts:itstaysinitsqueue", "leaveitsqueueagain,onallnodes."]);
        for (flavour, pause) in pauses {
            let found = expanded_as(flavour, "", "fn f() {}");
            has(&found, &[pause, &format!("Controlofthe{}`f()`.", flavour.noun().replace(' ', ""))]);
        }
    }

    #[test]
    fn zero_is_refused_of_an_expression_only_where_it_is_wrong() {
        let found = expanded_as(Flavour::Service, "max_restarts = A, max_seconds = B", "fn f() {}");
        has(&found, &["constMAX_RESTARTS:", "constMAX_SECONDS:", "ifMAX_SECONDS<1u32{"]);
        has_not(&found, &["ifMAX_RESTARTS"]);
    }

    #[test]
    fn what_is_made_beside_a_name_of_the_users_has_another() {
        let found = expanded_as(Flavour::Job, "companion = Own, crate = Own1::b", "fn f() {}");
        has(&found, &["pubenumOwn2{}", "IsJob<Own2>forOwn{}"]);
    }

    #[test]
    fn names_lose_the_mark_of_raw_identifiers() {
        let found = expanded("every = \"1m\"", "fn r#match() {}");
        assert!(found.contains("Place::new(\"match\"") && found.contains("enumr#match{}"), "{found}");
    }

    #[test]
    fn other_names_and_paths_are_used() {
        let found = expanded("every = \"1m\", companion = Sync, crate = a::b", "fn f() {}");
        assert!(found.contains("enumSync{}") && found.contains("companion::<Sync>"), "{found}");
        assert!(found.contains("a::b::__private::Registration") && !found.contains("::job_runtime"), "{found}");
    }

    #[test]
    fn calendar_times_are_checked_one_by_one_and_given_as_one() {
        let found = expanded("cron = [\"0 9 * * *\", r\"@daily\"], tz = \"UTC\", dst = \"literal\"", "fn f() {}");
        let found = in_short(&found);
        for part in [
            "const_:()=check_cron(\"09***\");const_:()=check_cron(r\"@daily\");const_:()=check_zone(\"UTC\");",
            ".text(\"cron\",\"09***;@daily\").text(\"tz\",\"UTC\").text(\"dst\",\"literal\")",
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        let found = expanded("cron = [3, \"x\"]", "fn f() {}");
        assert!(found.contains("check_cron(\"x\")"), "{found}");
    }

    #[test]
    fn a_schedule_of_the_users_own_is_made_at_the_start() {
        let found = expanded("schedule = Nightly { hour: 2 }, crate = a::b", "fn f() {}");
        assert!(found.contains(".schedule(||a::b::__private::Timetable::of(Nightly{hour:2}))"), "{found}");
    }

    #[test]
    fn a_type_parameter_avoids_the_users_names() {
        let found = expanded("every = \"1m\"", "fn f(s: &mut Vec<T>) {}");
        assert!(found.contains("peek<T1>(f:impl::core::ops::FnOnce(&Vec<T>)->T1)"), "{found}");
    }
}
