//! What is allowed, but perhaps not meant, so that it is told at the start and refused by nobody.

use std::any::TypeId;

use super::Found;
use crate::outcome::Kind;

/// A sentence for each type of which several jobs on demand keep a state: there, a state belongs to a function, and
/// not to its type.
pub(super) fn separate_states(found: &[Found]) -> Vec<String> {
    let mut sharers: Vec<(TypeId, Vec<&Found>)> = Vec::new();
    for job in found.iter().filter(|job| job.kind == Kind::Job) {
        let Some(state) = &job.definition.state else { continue };
        match sharers.iter_mut().find(|(type_id, _)| *type_id == state.type_id) {
            Some((_, jobs)) => jobs.push(job),
            None => sharers.push((state.type_id, vec![job])),
        }
    }
    sharers.into_iter().filter_map(|(_, jobs)| sentence(&jobs)).collect()
}

fn sentence(jobs: &[&Found]) -> Option<String> {
    let [before @ .., last] = jobs else { return None };
    let state = last.definition.state.as_ref().filter(|_| !before.is_empty())?.type_name;
    let before: Vec<String> = before.iter().map(|job| placed(job)).collect();
    Some(format!(
        "jobs {} and {} each have a state `{state}` of their own: one job whose argument says what is meant shares it",
        before.join(", "),
        placed(last)
    ))
}

fn placed(job: &Found) -> String {
    format!("`{}` ({}:{})", job.name(), job.place.file, job.place.line)
}

#[cfg(test)]
mod tests {
    use super::super::{Definition, Inventory, Registration};
    use crate::job::{Place, companion};

    fn keeps<S: Default + Send + 'static>(definition: Definition) -> Definition {
        definition.state::<S>(Some(S::default))
    }

    static JOBS: [Registration; 5] = [
        Registration::job(Place::new("find", "app", "src/names.rs", 8), companion::<u8>, keeps::<Vec<u8>>),
        Registration::job(Place::new("add", "app", "src/names.rs", 3), companion::<u16>, keeps::<Vec<u8>>),
        Registration::job(Place::new("count", "app", "src/count.rs", 1), companion::<u32>, keeps::<u64>),
        Registration::periodic(Place::new("sweep", "app", "src/sweep.rs", 1), companion::<u64>, keeps::<u64>),
        Registration::job(Place::new("clear", "app", "src/names.rs", 13), companion::<i8>, keeps::<Vec<u8>>),
    ];

    fn notices(only: &[&str]) -> Vec<String> {
        let mut inventory = Inventory::of(&JOBS, Vec::new());
        inventory.only(&only.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        inventory.check();
        assert_eq!(inventory.mistakes, []);
        inventory.notices
    }

    #[test]
    fn jobs_that_each_keep_a_state_of_one_type_are_told() {
        let told = "jobs `add` (src/names.rs:3) and `find` (src/names.rs:8) each have a state `alloc::vec::Vec<u8>` of \
                    their own: one job whose argument says what is meant shares it";
        assert_eq!(notices(&["add", "find", "count", "sweep"]), [told]);
        let three = "jobs `add` (src/names.rs:3), `clear` (src/names.rs:13) and `find` (src/names.rs:8) each have";
        let all = notices(&["add", "find", "clear"]);
        assert!(matches!(&all[..], [told] if told.starts_with(three)), "{all:?}");
        assert!(notices(&["add", "count", "sweep"]).is_empty());
    }
}
