//! The whole catalogue of attacks, with fresh keys, through every entry point.

use sso_testkit::OsRandom;
use sso_testkit::catalogue::{Base, catalogue};

#[test]
fn every_case_gets_the_verdict_it_is_owed() {
    let base = Base::example();
    let rng = OsRandom::new();
    let cases = catalogue();
    let wrong: Vec<String> = cases.iter().flat_map(|case| conformance::judge_case(case, &base, &rng)).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
