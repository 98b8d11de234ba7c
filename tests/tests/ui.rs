//! What the compiler tells the user: each wrong program is named after its mistake, beside it stands what is said.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
}
