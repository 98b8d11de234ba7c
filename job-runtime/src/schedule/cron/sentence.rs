//! A sentence put together in a `const`, where there is no `format!`.

/// Room for a sentence; what is longer is cut off.
const ROOM: usize = 400;

/// A sentence that grows by parts, at compile time too.
#[derive(Clone, Copy)]
pub(crate) struct Sentence {
    bytes: [u8; ROOM],
    length: usize,
}

impl Sentence {
    pub(super) const fn new(text: &str) -> Self {
        Self { bytes: [0; ROOM], length: 0 }.then(text)
    }

    /// The sentence with a further part.
    pub(super) const fn then(self, text: &str) -> Self {
        self.text(text.as_bytes())
    }

    /// The sentence with what the user wrote, between backticks.
    pub(super) const fn quote(self, written: &[u8]) -> Self {
        self.then("`").text(written).then("`")
    }

    /// The sentence with a number.
    pub(super) const fn number(self, number: u8) -> Self {
        let start = if number > 9 { self.number(number / 10) } else { self };
        start.text(&[b'0' + number % 10])
    }

    /// The sentence with a step, if there is one: `/2`.
    pub(super) const fn step(self, step: Option<u8>) -> Self {
        match step {
            Some(step) => self.then("/").number(step),
            None => self,
        }
    }

    /// The sentence with what the user wrote.
    pub(super) const fn text(mut self, mut rest: &[u8]) -> Self {
        while let [byte, after @ ..] = rest {
            let (_, free) = self.bytes.split_at_mut(self.length);
            let [place, ..] = free else { return self };
            *place = *byte;
            self.length += 1;
            rest = after;
        }
        self
    }

    pub(super) const fn as_str(&self) -> &str {
        let (written, _) = self.bytes.split_at(self.length);
        match str::from_utf8(written) {
            Ok(text) => text,
            // Cut off within a letter.
            Err(error) => match str::from_utf8(written.split_at(error.valid_up_to()).0) {
                Ok(text) => text,
                Err(_) => "this cannot be read",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_a_sentence() {
        const SENTENCE: Sentence = Sentence::new("at most ").number(135).then(", not ").quote(b"x");
        assert_eq!(SENTENCE.as_str(), "at most 135, not `x`");
    }

    #[test]
    fn what_is_too_long_is_cut_between_letters() {
        let sentence = Sentence::new("a").then(&"é".repeat(ROOM));
        assert_eq!(sentence.as_str(), format!("a{}", "é".repeat(ROOM / 2 - 1)));
        assert_eq!(Sentence::new("").quote(&[0xff, b'a']).as_str(), "`");
    }
}
