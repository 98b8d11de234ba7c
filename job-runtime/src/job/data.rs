//! The shared data that jobs take as `&T`, found by type.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Context;

/// A parameter `&T` of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    id: TypeId,
    name: &'static str,
}

impl Need {
    pub(crate) fn of<T: ?Sized + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>() }
    }

    /// `&Context` looks like shared data and is told apart by its type, so that aliases work.
    pub(crate) fn is_context(&self) -> bool {
        self.id == TypeId::of::<Context>()
    }
}

/// Values by type.
pub(crate) type ByType<T> = HashMap<TypeId, T, BuildHasherDefault<TypeHasher>>;

/// Takes the number of a type for its hash, which it is.
#[derive(Default)]
pub(crate) struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

struct Entry {
    name: &'static str,
    /// An `Arc<T>`, where `T` is what the key stands for.
    value: Box<dyn Any + Send + Sync>,
}

/// All shared data of a runtime.
#[derive(Default)]
pub(crate) struct Data {
    entries: ByType<Entry>,
    twice: Vec<&'static str>,
}

impl Data {
    pub(crate) fn insert<T: ?Sized + Send + Sync + 'static>(&mut self, value: Arc<T>) {
        let entry = Entry { name: type_name::<T>(), value: Box::new(value) };
        if self.entries.insert(TypeId::of::<T>(), entry).is_some() {
            self.twice.push(type_name::<T>());
        }
    }

    pub(crate) fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Option<&Arc<T>> {
        self.entries.get(&TypeId::of::<T>())?.value.downcast_ref()
    }

    /// Data of one type given twice: one of the two would be lost.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        self.twice
            .iter()
            .map(|name| {
                format!("`.data` was given two values of type `{name}`: give one, or wrap them in types of their own")
            })
            .collect()
    }

    /// What to say when `need` is not here.
    pub(crate) fn missing(&self, need: &Need) -> Option<String> {
        if need.is_context() || self.entries.contains_key(&need.id) {
            return None;
        }
        let name = need.name;
        let advice = self.near(name).unwrap_or_else(|| advice(name) + &self.given_instead(name));
        Some(format!("it takes `&{name}`, which was not given: {advice}"))
    }

    /// For what can only be given in an `Arc`: what was given otherwise, among which it may be.
    fn given_instead(&self, name: &str) -> String {
        let mut values: Vec<&str> =
            self.entries.values().map(|entry| entry.name).filter(|given| !is_unsized(given)).collect();
        if !is_unsized(name) || values.is_empty() || values.len() > 3 {
            return String::new();
        }
        values.sort_unstable();
        format!("; what is given as `{}` is found by that type alone", values.join("`, `"))
    }

    /// Something given that was probably meant.
    fn near(&self, name: &str) -> Option<String> {
        let base = trait_name(name);
        self.entries.values().find_map(|entry| {
            if let Some(inner) = inside_pointer(entry.name).filter(|inner| *inner == name) {
                let pointer = entry.name;
                return Some(format!("`{pointer}` was given to `.data`; hand an `Arc<{inner}>` to `.data_arc`"));
            }
            let same_trait = base.is_some() && trait_name(entry.name) == base;
            same_trait.then(|| {
                format!("`{}` was given, which is another type; write the same bounds in both places", entry.name)
            })
        })
    }
}

fn is_unsized(name: &str) -> bool {
    name.starts_with("dyn ") || name == "str" || name.starts_with('[')
}

fn advice(name: &str) -> String {
    if is_unsized(name) {
        format!("write `.data_arc(value)` with an `Arc<{name}>`")
    } else {
        "write `.data(value)` with a value of that type".to_owned()
    }
}

/// The trait of a `dyn Trait + …`, without the further bounds.
fn trait_name(name: &str) -> Option<&str> {
    name.strip_prefix("dyn ")?.split(" + ").next()
}

/// What an `Arc`, `Box` or `Rc` points to.
fn inside_pointer(name: &str) -> Option<&str> {
    let (pointer, rest) = name.split_once('<')?;
    let known = ["::Arc", "::Box", "::Rc"].iter().any(|end| pointer.ends_with(end));
    known.then(|| rest.strip_suffix('>')).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    trait Mailer: Send + Sync {}
    struct Smtp;
    impl Mailer for Smtp {}

    #[test]
    fn near_misses_are_named() {
        let mut data = Data::default();
        data.insert(Arc::new(Arc::new(7_u32)));
        data.insert::<dyn Mailer + Send + Sync>(Arc::new(Smtp));
        let text = data.missing(&Need::of::<u32>()).expect("u32 was not given");
        assert!(text.contains("hand an `Arc<u32>` to `.data_arc`"), "{text}");
        let text = data.missing(&Need::of::<dyn Mailer>()).expect("another type");
        assert!(text.contains("write the same bounds in both places"), "{text}");
        let text = data.missing(&Need::of::<String>()).expect("nothing near");
        assert!(text.contains("write `.data(value)`"), "{text}");
        assert_eq!(data.missing(&Need::of::<Context>()), None);
    }

    #[test]
    fn what_was_given_is_found_by_type() {
        let mut data = Data::default();
        data.insert(Arc::new(7_u32));
        assert_eq!(data.get::<u32>().map(|value| **value), Some(7));
        assert!(data.get::<u64>().is_none());
        data.insert(Arc::new(8_u32));
        assert_eq!(data.mistakes().len(), 1);
    }
}
