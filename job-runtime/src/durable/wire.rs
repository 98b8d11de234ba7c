//! How the arguments of a job are written where it waits: a JSON object that has each of them by its parameter's name.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

/// The names of the parameters, in their order.
pub(crate) type Names = &'static [&'static str];

/// The arguments of a job, as a tuple of what its function takes by value.
pub trait Fields: Send + Sized + 'static {
    /// Writes each by its name.
    ///
    /// # Errors
    /// When one of them cannot be written, which the text names.
    fn write<M: SerializeMap>(&self, names: Names, map: &mut M) -> Result<(), M::Error>;

    /// Reads each by its name. What has none of these names was written by a newer program, and is passed over.
    ///
    /// # Errors
    /// When one of them is missing that is no `Option`, or is not what it should be; the text names it.
    fn read<'de, M: MapAccess<'de>>(names: Names, map: M) -> Result<Self, M::Error>;
}

/// The arguments as JSON.
///
/// # Errors
/// When one of them cannot be written, with a sentence that names it.
pub(crate) fn write<A: Fields>(names: Names, args: &A) -> Result<String, String> {
    serde_json::to_string(&Written { names, args }).map_err(|error| error.to_string())
}

/// The arguments that a JSON text stands for.
///
/// # Errors
/// When it stands for none, with a sentence that names what is wrong.
pub(crate) fn read<A: Fields>(names: Names, text: &str) -> Result<Box<dyn Any + Send>, String> {
    let args = args_of::<A>(names, text).map_err(|error| error.to_string())?;
    Ok(Box::new(args))
}

fn args_of<A: Fields>(names: Names, text: &str) -> Result<A, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let args = Reading { names, args: PhantomData }.deserialize(&mut json)?;
    json.end()?;
    Ok(args)
}

struct Written<'a, A> {
    names: Names,
    args: &'a A,
}

impl<A: Fields> Serialize for Written<'_, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.names.len()))?;
        self.args.write(self.names, &mut map)?;
        map.end()
    }
}

struct Reading<A> {
    names: Names,
    args: PhantomData<A>,
}

impl<'de, A: Fields> DeserializeSeed<'de> for Reading<A> {
    type Value = A;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<A, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, A: Fields> Visitor<'de> for Reading<A> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the arguments of a job by their names")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<A, M::Error> {
        A::read(self.names, map)
    }
}

/// Finds the parameter that a key names.
struct Parameter(Names);

impl<'de> DeserializeSeed<'de> for Parameter {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Parameter {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a parameter")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}

/// What is read where there is nothing: an `Option` is `None`.
struct Missing<E> {
    name: &'static str,
    error: PhantomData<E>,
}

impl<'de, E: serde::de::Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.name))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

fn name_at(names: Names, place: usize) -> &'static str {
    names.get(place).copied().unwrap_or_default()
}

fn put<M: SerializeMap>(map: &mut M, name: &str, value: &impl Serialize) -> Result<(), M::Error> {
    map.serialize_entry(name, value).map_err(|error| M::Error::custom(format_args!("`{name}`: {error}")))
}

fn take<'de, T: DeserializeOwned, M: MapAccess<'de>>(map: &mut M, name: &str) -> Result<T, M::Error> {
    map.next_value().map_err(|error| M::Error::custom(format_args!("`{name}`: {error}")))
}

fn found<T: DeserializeOwned, E: serde::de::Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.map_or_else(|| T::deserialize(Missing { name, error: PhantomData }), Ok)
}

macro_rules! fields {
    ($($place:tt $arg:ident $ty:ident),*) => {
        impl<$($ty: Serialize + DeserializeOwned + Send + 'static),*> Fields for ($($ty,)*) {
            #[allow(unused_variables, reason = "there may be none")]
            fn write<M: SerializeMap>(&self, names: Names, map: &mut M) -> Result<(), M::Error> {
                $(put(map, name_at(names, $place), &self.$place)?;)*
                Ok(())
            }

            fn read<'de, M: MapAccess<'de>>(names: Names, mut map: M) -> Result<Self, M::Error> {
                $(let mut $arg: Option<$ty> = None;)*
                while let Some(place) = map.next_key_seed(Parameter(names))? {
                    match place {
                        $(Some($place) => $arg = Some(take(&mut map, name_at(names, $place))?),)*
                        None | Some(_) => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(($(found($arg, name_at(names, $place))?,)*))
            }
        }
    };
}

fields!();
fields!(0 a A);
fields!(0 a A, 1 b B);
fields!(0 a A, 1 b B, 2 c C);
fields!(0 a A, 1 b B, 2 c C, 3 d D);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J, 10 k K);
fields!(0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J, 10 k K, 11 l L);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::{BTreeMap, HashMap};

    const NAMES: Names = &["user_id", "template", "copies"];

    type Mail = (u64, String, Option<u8>);

    fn mail(text: &str) -> Result<Mail, String> {
        args_of(NAMES, text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_argument_is_written_by_its_name() {
        for (written, expected) in [
            (write(&[], &()), "{}"),
            (write(&["user_id"], &(7_u64,)), r#"{"user_id":7}"#),
            (write(NAMES, &(7_u64, "x\"y".to_owned(), Some(3_u8))), r#"{"user_id":7,"template":"x\"y","copies":3}"#),
            (write(NAMES, &((), None::<u8>, vec![1, 2])), r#"{"user_id":null,"template":null,"copies":[1,2]}"#),
            (write(&["type"], &(BTreeMap::from([(3, 'c')]),)), r#"{"type":{"3":"c"}}"#),
        ] {
            assert_eq!(written.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let told = write(&["a", "map"], &(1, HashMap::from([((1, 2), 3)]))).expect_err("a key is a text");
        assert_eq!(told, "`map`: key must be a string");
    }

    #[test]
    fn arguments_are_read_by_their_names() {
        let given = (7, "x".to_owned(), Some(3));
        for (text, args) in [
            (r#"{"user_id":7,"template":"x","copies":3}"#, given.clone()),
            (r#" { "copies" : 3 , "template":"x","user_id":7 } "#, given.clone()),
            (r#"{"new":{"deep":[1,{"user_id":null}]},"user_id":7,"template":"x","copies":3,"newer":1e999}"#, given),
            (r#"{"user_id":7,"template":"","copies":null}"#, (7, String::new(), None)),
            (r#"{"user_id":7,"template":"\u00e9"}"#, (7, "é".to_owned(), None)),
        ] {
            assert_eq!(mail(text), Ok(args), "{text}");
        }
        assert_eq!(args_of::<()>(&[], r#"{"gone":3}"#).ok(), Some(()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, told) in [
            (r#"{"template":"x"}"#, "missing field `user_id`"),
            (r#"{"user_id":7}"#, "missing field `template`"),
            (r#"{"user_id":-7,"template":"x"}"#, "`user_id`: invalid value: integer `-7`, expected u64"),
            (r#"{"user_id":7,"template":7}"#, "`template`: invalid type: integer `7`, expected a string"),
            (r#"{"user_id":7,"template":null}"#, "`template`: invalid type: null, expected a string"),
            (r#"{"user_id":7,"template":"x","copies":256}"#, "`copies`: invalid value: integer `256`, expected u8"),
            ("[7]", "invalid type: sequence, expected the arguments of a job by their names"),
            ("null", "invalid type: null, expected the arguments of a job by their names"),
            ("", "EOF while parsing a value"),
            (r#"{"user_id":7,"template":"x"} x"#, "trailing characters"),
        ] {
            let found = mail(text).expect_err(text);
            assert!(found.starts_with(told), "{text}: {found}");
            assert_eq!(found.matches(" at line 1 column ").count(), 1, "{found}");
        }
    }

    #[test]
    fn numbers_survive_to_the_last_digit() {
        type Numbers = (u64, i64, u128, i128, f64, f32, f64);
        let names: Names = &["a", "b", "c", "d", "e", "f", "g"];
        for numbers in [
            (u64::MAX, i64::MIN, u128::MAX, i128::MIN, f64::MIN_POSITIVE, f32::MAX, -0.0),
            (1 << 53, -(1 << 53) - 1, 1 << 100, -(1 << 100), 0.1 + 0.2, 0.1, 5e-324),
            (0, 0, 0, 0, 1.797_693_134_862_315_7e308, -1.175_494e-38, 2.225_073_858_507_201e-308),
        ] {
            let text = write(names, &numbers).expect("they can be written");
            let read: Numbers = args_of(names, &text).expect("they can be read");
            assert_eq!((read.0, read.1, read.2, read.3), (numbers.0, numbers.1, numbers.2, numbers.3), "{text}");
            let bits = |numbers: &Numbers| (numbers.4.to_bits(), numbers.5.to_bits(), numbers.6.to_bits());
            assert_eq!(bits(&read), bits(&numbers), "{text}");
        }
    }

    #[test]
    fn as_many_as_a_job_may_have_are_read() {
        type Dozen = (i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, Option<String>);

        let names: Names = &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let args: Dozen = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, Some("z".to_owned()));
        let text = write(names, &args).expect("they can be written");
        assert!(text.starts_with(r#"{"a":1,"b":2"#) && text.ends_with(r#""k":11,"l":"z"}"#), "{text}");
        let read = read::<Dozen>(names, &text).expect("they can be read");
        assert_eq!(read.downcast_ref(), Some(&args));
    }

    /// What serde can be told about a type, nested in itself.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Tree {
        Unit,
        #[serde(rename = "leaf!", alias = "old-leaf")]
        Leaf(i64),
        Pair(Box<Tree>, Option<Box<Tree>>),
        BigMap(BTreeMap<String, u128>),
        Inner(Inner),
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Inner {
        #[serde(rename = "type")]
        kind: u8,
        many_floats: Vec<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<(char, bool)>,
        #[serde(flatten)]
        more: BTreeMap<String, String>,
    }

    /// Numbers that look drawn (Knuth's MMIX generator).
    struct Drawn(u64);

    impl Drawn {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0 ^ (self.0 >> 29)
        }

        fn below(&mut self, bound: u64) -> u64 {
            (self.next() >> 11) % bound
        }

        fn text(&mut self) -> String {
            let letters = ['a', '"', '\\', '\n', '\u{0}', 'é', '日', '🦀', '{', ':', '/'];
            (0..self.below(6)).map(|_| letters[usize::try_from(self.below(11)).expect("it is small")]).collect()
        }

        fn float(&mut self) -> f64 {
            Some(f64::from_bits(self.next())).filter(|float| float.is_finite()).unwrap_or_default()
        }

        fn tree(&mut self, depth: u32) -> Tree {
            match self.below(if depth == 0 { 4 } else { 6 }) {
                0 => Tree::Unit,
                1 => Tree::Leaf(self.next().cast_signed()),
                2 => Tree::BigMap((0..self.below(4)).map(|_| (self.text(), u128::from(self.next()) << 40)).collect()),
                3 => Tree::Inner(Inner {
                    kind: u8::try_from(self.below(256)).expect("it is small"),
                    many_floats: (0..self.below(4)).map(|_| self.float()).collect(),
                    maybe: (self.below(2) == 0).then_some(('日', true)),
                    more: (0..self.below(3)).map(|_| (format!("more {}", self.text()), self.text())).collect(),
                }),
                _ => {
                    let right = (self.below(2) == 0).then(|| Box::new(self.tree(depth - 1)));
                    Tree::Pair(Box::new(self.tree(depth - 1)), right)
                }
            }
        }
    }

    #[test]
    fn whatever_is_written_is_read_as_it_was() {
        let names: Names = &["tree", "trees", "text", "maybe"];
        let mut drawn = Drawn(7);
        for _ in 0..2_000 {
            let trees = (0..drawn.below(3)).map(|_| drawn.tree(2)).collect::<Vec<Tree>>();
            let maybe = (drawn.below(2) == 0).then(|| drawn.tree(1));
            let args = (drawn.tree(4), trees, drawn.text(), maybe);
            let text = write(names, &args).expect("it can be written");
            assert_eq!(args_of(names, &text).map_err(|error| error.to_string()), Ok(args), "{text}");
        }
    }

    #[test]
    fn what_an_older_program_wrote_is_read() {
        let names: Names = &["tree", "inner"];
        let read = args_of::<(Tree, Inner)>(names, r#"{"tree":{"old-leaf":3},"inner":{"type":7}}"#);
        assert_eq!(read.expect("it is understood"), (Tree::Leaf(3), Inner { kind: 7, ..Inner::default() }));
    }
}
