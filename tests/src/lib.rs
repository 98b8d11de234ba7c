//! Holds the README to its word: every Rust block of it is compiled, and run where it ends by itself.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
