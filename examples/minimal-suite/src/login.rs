//! A login, and two ways in which it is refused.

use crate::{Browser, Page, Program};

/// What every visitor gets who is refused, for whatever reason.
const SENTENCE: &str = "The sign-in could not be completed. Please try again; if it keeps failing, contact your administrator.";

/// From the link to the identity provider's answer, which is not yet posted: the page that posts it.
fn until_the_answer(program: &Program, browser: &mut Browser) -> Page {
    let form = browser.visit(&program.url("/login"));
    assert_eq!(form.status, 200, "{}", form.body);
    assert!(form.body.contains("alice@example.test"), "it is prefilled");
    let answer = browser.submit(&form);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

fn assert_refused(program: &Program, page: &Page, code: &str) {
    assert_eq!((page.status, page.body.as_str()), (403, SENTENCE));
    assert_eq!(program.refusal(), code);
}

fn assert_signed_out(program: &Program, browser: &mut Browser) {
    let home = browser.visit(&program.url("/"));
    assert!(home.body.contains("Not signed in"), "{}", home.body);
}

/// From the link to the page that says who is signed in.
pub fn a_login(program: &str) {
    let program = Program::start(program);
    let mut browser = Browser::default();
    assert_signed_out(&program, &mut browser);

    let answer = until_the_answer(&program, &mut browser);
    let page = browser.submit(&answer);
    assert_eq!(page.status, 303, "{}", page.body);
    let home = browser.follow(page);
    assert!(
        home.body.contains("Signed in as <b>alice@example.test</b>"),
        "{}",
        home.body
    );
    let names: Vec<_> = browser.cookies().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["session"], "the login's cookie is gone");
    assert_signed_out(&program, &mut Browser::default());
}

/// The same answer once more, from the browser that it was for, is refused.
pub fn a_replay_is_refused(program: &str) {
    let program = Program::start(program);
    let mut browser = Browser::default();
    let answer = until_the_answer(&program, &mut browser);
    let mut copy = browser.clone();
    assert_eq!(browser.submit(&answer).status, 303);

    let page = copy.submit(&answer);
    assert_refused(&program, &page, "request.already_used");
    assert_signed_out(&program, &mut copy);
}

/// An answer for one browser, brought by another, is refused, and is of no harm to the one it is for.
pub fn another_browser_is_refused(program: &str) {
    let program = Program::start(program);
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let answer = until_the_answer(&program, &mut attacker);

    let page = victim.submit(&answer);
    assert_refused(&program, &page, "request.other_browser");
    assert_signed_out(&program, &mut victim);

    // With a login of their own under way it is no different
    until_the_answer(&program, &mut victim);
    let page = victim.submit(&answer);
    assert_refused(&program, &page, "request.other_browser");

    assert_eq!(attacker.submit(&answer).status, 303);
}

/// What is no answer, or the answer to nothing, is refused.
pub fn nonsense_is_refused(program: &str) {
    let program = Program::start(program);
    let acs = program.url("/saml/consume");
    let mut browser = Browser::default();
    let page = browser.post(&acs, "SAMLResponse=%21");
    assert_refused(&program, &page, "scalar.base64");
    let page = browser.post(&acs, "RelayState=x");
    assert_refused(&program, &page, "decode.response_missing");
    // <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>
    let page = browser.post(&acs, "SAMLResponse=PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM6dGM6U0FNTDoyLjA6cHJvdG9jb2wiLz4%3D");
    assert_refused(&program, &page, "request.unknown");
}

/// A file of metadata on the command line is trusted; this identity provider wants the request by POST.
pub fn a_file_of_metadata(program: &str) {
    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/metadata/accepted__jumpcloud.xml"
    );
    let program = Program::start_with(program, &[FILE]);
    let mut browser = Browser::default();
    let page = browser.get(&program.url("/login"));
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let form = "<form method=\"post\" action=\"https://sso.jumpcloud.com/saml2/myproduct\">";
    assert!(page.body.contains(form), "{}", page.body);
    let [(name, _)] = browser.cookies() else {
        panic!("one cookie: {:?}", browser.cookies());
    };
    assert!(name.starts_with("login_"), "{name}");
}

/// The metadata says who it is and where answers go.
pub fn the_metadata(program: &str) {
    let program = Program::start(program);
    let page = Browser::default().get(&program.url("/saml/metadata"));
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "application/samlmetadata+xml");
    for url in ["/saml/metadata", "/saml/consume"] {
        let url = format!("\"{}\"", program.url(url));
        assert!(page.body.contains(&url), "{url} in {}", page.body);
    }
}

/// That the example is as short as it says.
pub fn short_enough(source: &str) {
    let lines = source.lines().count();
    assert!(lines < 150, "{lines} lines");
}
