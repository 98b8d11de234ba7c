//! From the groups of the linked program to their members that are there, each in one group and restarted by its rules
//! alone.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Found, Inventory, at};
use crate::error::{Mistake, Result};
use crate::job::{Group, Member, Place};
use crate::policy::restart::{Budget, Strategy};

/// A checked group.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "read by what starts groups"))]
pub(crate) struct Grouping {
    pub(crate) name: Arc<str>,
    pub(crate) place: &'static Place,
    pub(crate) strategy: Strategy,
    pub(crate) budget: Budget,
    /// The companions of its members, in the order of their start.
    pub(crate) members: Vec<TypeId>,
}

impl Inventory {
    /// Resolves the groups, in the order of their places, and notes what is wrong with them.
    pub(super) fn group(&mut self) {
        self.groups.sort_by_key(|group| (group.place.file, group.place.line, group.name()));
        let mut roll = Roll::of(&self.found, &self.left_out);
        self.groupings = self.groups.iter().filter_map(|group| roll.enter(group)).collect();
        self.mistakes.append(&mut roll.mistakes);
    }
}

/// Who is in which group.
struct Roll<'i> {
    jobs: HashMap<TypeId, &'i Found>,
    left_out: &'i HashSet<TypeId>,
    groups: Vec<&'static Group>,
    taken: HashMap<TypeId, (&'static Group, &'static Member)>,
    mistakes: Vec<Mistake>,
}

impl<'i> Roll<'i> {
    fn of(found: &'i [Found], left_out: &'i HashSet<TypeId>) -> Self {
        let jobs = found.iter().filter_map(|found| Some((found.companion?, found))).collect();
        Self { jobs, left_out, groups: Vec::new(), taken: HashMap::new(), mistakes: Vec::new() }
    }

    /// The group, unless something is wrong with it or none of its members is there.
    fn enter(&mut self, group: &'static Group) -> Option<Grouping> {
        if !self.is_there(group) {
            return None;
        }
        self.check_name(group);
        let members: Vec<TypeId> = group.members.iter().filter_map(|member| self.take(group, member)).collect();
        let strategy = self.setting(group, "strategy", group.strategy());
        let budget = self.setting(group, "max_seconds", group.budget());
        let (name, place) = (group.name().into(), &group.place);
        let grouping = Grouping { name, place, strategy: strategy?, budget: budget?, members };
        (!grouping.members.is_empty()).then_some(grouping)
    }

    /// Where jobs are left out, so are the groups that have none of the others.
    fn is_there(&self, group: &Group) -> bool {
        self.left_out.is_empty() || group.members.iter().any(|member| self.jobs.contains_key(&(member.companion)()))
    }

    fn check_name(&mut self, group: &'static Group) {
        if let Some(other) = self.groups.iter().find(|other| other.name() == group.name()) {
            let text = format!("has the name of the one at {}: give one of them another", place_of(&other.place));
            self.mistake(group, &text);
        }
        self.groups.push(group);
    }

    fn setting<T>(&mut self, group: &'static Group, name: &str, setting: Result<T>) -> Option<T> {
        setting.map_err(|error| self.mistake(group, &format!("has a wrong `{name}`: it {error}"))).ok()
    }

    /// Notes that a job is in a group; `None` when it is not there.
    fn take(&mut self, group: &'static Group, member: &'static Member) -> Option<TypeId> {
        let companion = (member.companion)();
        if self.left_out.contains(&companion) {
            return None;
        }
        let written = member.written;
        let Some(found) = self.jobs.get(&companion).copied() else {
            self.mistake(group, &format!("has a member `{written}`, which is not a job of this program"));
            return None;
        };
        if let Some((other, before)) = self.taken.insert(companion, (group, member)) {
            self.mistake(group, &taken_twice(group, member, other, before));
        }
        if found.options.has_budget_of_its_own() {
            self.mistake(group, &own_rules(written, found));
        }
        Some(companion)
    }

    fn mistake(&mut self, group: &Group, text: &str) {
        self.mistakes.push(at(&group.place, &format!("group `{}` {text}", group.name())));
    }
}

/// Two names may mean one job.
fn taken_twice(group: &'static Group, member: &Member, other: &'static Group, before: &Member) -> String {
    let (written, before) = (member.written, before.written);
    if !std::ptr::eq(group, other) {
        let (name, place) = (other.name(), place_of(&other.place));
        return format!(
            "has a member `{written}`, which is in group `{name}` at {place} already: leave it out of one of them"
        );
    }
    if written == before {
        return format!("has `{written}` twice: leave one out");
    }
    format!("has one job twice, as `{before}` and as `{written}`: leave one out")
}

fn own_rules(written: &str, found: &Found) -> String {
    let options: Vec<String> = found.options.own_budget().iter().map(|option| format!("`{option}`")).collect();
    let (options, place) = (options.join(", "), place_of(found.place));
    format!("restarts its members by its own rules: leave out {options} of `{written}` ({place}), wherever that is set")
}

fn place_of(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Definition, Registration};
    use super::*;
    use crate::job::companion;
    use std::collections::BTreeMap;
    use std::time::Duration;

    struct Keeper;
    struct Consume;
    struct Purge;
    struct Stranger;

    fn plain(definition: Definition) -> Definition {
        definition
    }

    static JOBS: [Registration; 3] = [
        Registration::service(Place::new("keeper", "app", "src/keeper.rs", 1), companion::<Keeper>, plain),
        Registration::service(Place::new("consume", "app", "src/consume.rs", 2), companion::<Consume>, plain),
        Registration::periodic(Place::new("purge", "app", "src/purge.rs", 3), companion::<Purge>, plain),
    ];

    const KEEPER: Member = Member::new(companion::<Keeper>, "keeper");
    const CONSUME: Member = Member::new(companion::<Consume>, "bus::consume");
    const PURGE: Member = Member::new(companion::<Purge>, "purge");
    const STRANGER: Member = Member::new(companion::<Stranger>, "stranger");

    /// A group in the file that is called like it, with the settings after its members.
    fn group<const N: usize>(place: Place, members: [Member; N], strategy: &'static str, seconds: u32) -> Group {
        Group::new(place, Box::leak(Box::new(members)), strategy, 4, seconds)
    }

    fn usual<const N: usize>(line: u32, name: &'static str, members: [Member; N]) -> Group {
        group(Place::new(name, "app", "src/main.rs", line), members, "one_for_one", 5)
    }

    fn inventory<const N: usize>(groups: [Group; N]) -> Inventory {
        Inventory::of(&JOBS, groups.map(|group| -> &'static Group { Box::leak(Box::new(group)) }).to_vec())
    }

    fn checked(mut inventory: Inventory) -> Inventory {
        inventory.check();
        inventory
    }

    #[track_caller]
    fn refused<const M: usize>(inventory: Inventory, told: [&str; M]) {
        let mistakes: Vec<String> = checked(inventory).mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(mistakes, told);
    }

    #[test]
    fn members_stand_in_the_order_of_the_group() {
        let database =
            group(Place::new("DATABASE", "app", "src/main.rs", 9), [PURGE, KEEPER, CONSUME], "rest_for_one", 90);
        let inventory = checked(inventory([database]));
        assert_eq!(inventory.mistakes, []);
        let [grouping] = &inventory.groupings[..] else { panic!("{:?}", inventory.groupings) };
        let members = [TypeId::of::<Purge>(), TypeId::of::<Keeper>(), TypeId::of::<Consume>()];
        assert_eq!((&*grouping.name, grouping.place.line), ("DATABASE", 9));
        assert_eq!((grouping.strategy, &grouping.members[..]), (Strategy::RestForOne, &members[..]));
        assert_eq!(grouping.budget, Budget { max_restarts: 4, within: Duration::from_secs(90) });
    }

    #[test]
    fn a_job_is_in_one_group_and_there_once() {
        let again = Member::new(companion::<Consume>, "consume");
        refused(
            inventory([usual(7, "SECOND", [PURGE, CONSUME]), usual(5, "FIRST", [KEEPER, CONSUME, KEEPER, again])]),
            [
                "src/main.rs:5: group `FIRST` has `keeper` twice: leave one out",
                "src/main.rs:5: group `FIRST` has one job twice, as `bus::consume` and as `consume`: leave one out",
                "src/main.rs:7: group `SECOND` has a member `bus::consume`, which is in group `FIRST` at src/main.rs:5 \
                 already: leave it out of one of them",
            ],
        );
    }

    #[test]
    fn two_groups_have_two_names() {
        refused(
            inventory([usual(5, "GROUP", [KEEPER]), usual(7, "GROUP", [PURGE])]),
            ["src/main.rs:7: group `GROUP` has the name of the one at src/main.rs:5: give one of them another"],
        );
    }

    #[test]
    fn what_the_macro_rules_out_is_refused_all_the_same() {
        let place = Place::new("GROUP", "app", "src/main.rs", 5);
        refused(
            inventory([group(place, [KEEPER, STRANGER], "rest_for_al", 0)]),
            [
                "src/main.rs:5: group `GROUP` has a member `stranger`, which is not a job of this program",
                "src/main.rs:5: group `GROUP` has a wrong `strategy`: it takes `one_for_one`, `one_for_all`, \
                 `rest_for_one`, not `rest_for_al`; did you mean `rest_for_one`?",
                "src/main.rs:5: group `GROUP` has a wrong `max_seconds`: it takes a number of whole seconds from 1, \
                 as in `5`",
            ],
        );
    }

    #[test]
    fn members_have_no_budget_of_their_own_wherever_it_is_set() {
        fn counted(definition: Definition) -> Definition {
            definition.number("max_restarts", 3).text("on_give_up", "pause")
        }
        static COUNTED: [Registration; 1] =
            [Registration::service(Place::new("keeper", "app", "src/keeper.rs", 1), companion::<Keeper>, counted)];
        let group = || usual(5, "GROUP", [KEEPER]);
        let told = |options: &str| {
            format!(
                "src/main.rs:5: group `GROUP` restarts its members by its own rules: leave out {options} of `keeper` \
                 (src/keeper.rs:1), wherever that is set"
            )
        };
        let at_the_attribute = Inventory::of(&COUNTED, vec![Box::leak(Box::new(group()))]);
        refused(at_the_attribute, [&told("`max_restarts`, `on_give_up`")]);

        let mut configured = inventory([group()]);
        let change = Change { job: "keeper".to_owned(), change: Box::new(|job| job.max_seconds(5)) };
        configured.configure(vec![change]);
        refused(configured, [&told("`max_seconds`")]);

        let mut in_environment = inventory([group()]);
        let variable = ("JOB_KEEPER_ON_GIVE_UP".to_owned(), "pause".to_owned());
        in_environment.read_environment(&BTreeMap::from([variable]));
        refused(in_environment, [&told("`on_give_up`")]);
    }

    #[test]
    fn members_that_are_left_out_are_not_there_and_neither_is_a_group_without_any() {
        let mut inventory = inventory([
            usual(5, "WRONG", [PURGE, PURGE, STRANGER]),
            usual(7, "RIGHT", [PURGE, KEEPER, CONSUME, PURGE]),
            usual(9, "RIGHT", [PURGE]),
        ]);
        inventory.only(&["consume".to_owned(), "keeper".to_owned()]);
        let inventory = checked(inventory);
        assert_eq!(inventory.mistakes, []);
        let members: Vec<&[TypeId]> = inventory.groupings.iter().map(|grouping| &grouping.members[..]).collect();
        assert_eq!(members, [[TypeId::of::<Keeper>(), TypeId::of::<Consume>()]]);
    }
}
