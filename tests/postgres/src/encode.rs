//! Text as it stands in a URL.

/// All but the characters that mean themselves everywhere is written as `%` and two digits.
pub(crate) fn encoded(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn what_could_mean_something_is_encoded() {
        for (text, url) in [("plain-1._~", "plain-1._~"), ("/tmp/a b", "%2Ftmp%2Fa%20b"), ("ä@?&", "%C3%A4%40%3F%26")]
        {
            assert_eq!(encoded(text), url);
        }
    }
}
