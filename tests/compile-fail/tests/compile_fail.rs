//! Each program in `ui/` skips one step of the ladder of trust. None of them may compile, and each
//! has to fail for the reason that its `.stderr` names.
//!
//! After a change of compiler, look at the difference and write it with `TRYBUILD=overwrite`.

#[test]
fn skipped_checks_do_not_compile() {
    let cases = trybuild::TestCases::new();
    // What the programs have in common compiles, so that it is not the setup that fails
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
}
