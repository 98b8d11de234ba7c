//! What makes two jobs the same: their name, and a key of the user's or their arguments.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// How long a key is that can still be read in the store; a longer one is kept as its hash.
const READABLE: usize = 200;

/// The key of a job. Arguments that are equal have the same, in whatever order their maps are written.
pub(super) fn unique_key(name: &str, key: Option<&str>, args: &str) -> Result<String> {
    let (kind, text) = match key {
        Some(key) => ("key", key.to_owned()),
        None => ("args", canonical(args)?),
    };
    if text.len() <= READABLE {
        return Ok(format!("{name} {kind} {text}"));
    }
    let mut hash = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    Ok(format!("{name} {kind} sha256 {hash}"))
}

/// JSON with the keys of all its maps in order; the rest stays as it is, so that no number loses a digit.
pub(crate) fn canonical(args: &str) -> Result<String> {
    let mut text = String::new();
    write_in_order(args, &mut text).map_err(|error| Error::configuration(error.to_string()))?;
    Ok(text)
}

fn write_in_order(json: &str, text: &mut String) -> serde_json::Result<()> {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => {
            let entries: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
            list(text, ('{', '}'), entries, |text, (key, value)| {
                let _ = write!(text, "{}:", Value::from(key));
                write_in_order(value.get(), text)
            })
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(json)?;
            list(text, ('[', ']'), values, |text, value| write_in_order(value.get(), text))
        }
        _ => {
            text.push_str(json);
            Ok(())
        }
    }
}

fn list<T>(
    text: &mut String,
    (open, close): (char, char),
    entries: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    text.push(open);
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, entry)?;
    }
    text.push(close);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(args: &str) -> String {
        unique_key("mail", None, args).expect("it is JSON")
    }

    #[test]
    fn equal_arguments_have_one_key_in_whatever_order() {
        assert_eq!(
            key(r#"{"b":{"y":1,"x":[{"q":2,"p":3}]},"a":"z"}"#),
            key(r#"{"a":"z","b":{"x":[{"p":3,"q":2}],"y":1}}"#)
        );
        assert_eq!(key(r#"{"id":7}"#), r#"mail args {"id":7}"#);
    }

    #[test]
    fn other_arguments_names_and_kinds_have_other_keys() {
        let keys = [
            key(r#"{"id":7}"#),
            key(r#"{"id":"7"}"#),
            key(r#"{"id":[7]}"#),
            unique_key("post", None, r#"{"id":7}"#).expect("JSON"),
            unique_key("mail", Some(r#"{"id":7}"#), "{}").expect("JSON"),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(index + 1).all(|other| other != one), "{one}");
        }
    }

    #[test]
    fn numbers_are_told_apart_to_the_last_digit() {
        let large = |last: u8| key(&format!(r#"{{"id":34028236692093846346337460743176821145{last}}}"#));
        assert_ne!(large(4), large(5));
        assert_eq!(key(r#"{"b":[1.0,1e3,-0],"a":"\u00e9"}"#), r#"mail args {"a":"\u00e9","b":[1.0,1e3,-0]}"#);
    }

    #[test]
    fn a_long_key_is_hashed() {
        let long = |letter: &str| key(&format!(r#"{{"text":"{}"}}"#, letter.repeat(1_000)));
        assert!(long("a").starts_with("mail args sha256 ") && long("a").len() < READABLE);
        assert_ne!(long("a"), long("b"));
    }
}
