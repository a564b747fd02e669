use time::Duration;

use crate::{LONGEST, SameSite, Site, now};

#[test]
fn a_session_ends_when_the_identity_provider_says_so_and_after_eight_hours_at_most() {
    let site = Site::of("http://127.0.0.1:8080");
    let open = |end| {
        let cookie = site.sign_in("alice", end).unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    let (long, short, past) = (
        open(Some(now() + LONGEST * 2)),
        open(Some(now() + Duration::MINUTE)),
        open(Some(now() - Duration::SECOND)),
    );
    assert_eq!(site.who(Some(&long)).as_deref(), Some("alice"));
    assert_eq!(site.who(Some(&short)).as_deref(), Some("alice"));
    assert_eq!(site.who(Some(&past)), None);
    assert_eq!(site.who(None::<&String>), None);
    let ends = site.sessions.lock().unwrap();
    let left = |cookie: &str| ends[cookie.trim_start_matches("session=")].1 - now();
    assert!(left(&long) <= LONGEST && left(&long) > LONGEST - Duration::MINUTE);
    assert!(left(&short) <= Duration::MINUTE);
}

#[test]
fn over_https_a_cookie_is_the_hosts_own_and_a_login_comes_with_a_post_from_elsewhere() {
    let site = Site::of("https://app.example");
    assert_eq!(
        site.set_cookie("login", "x", SameSite::None, 900),
        "__Host-login=x; Path=/; HttpOnly; SameSite=None; Max-Age=900; Secure"
    );
    assert_eq!(
        site.cookie(Some(&"login=evil; __Host-login=x"), "login"),
        Some("x"),
        "a neighbour can set the one without the prefix"
    );
    let site = Site::of("http://127.0.0.1:8080");
    assert_eq!(
        site.set_cookie("login", "x", SameSite::None, 0),
        "login=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
    );
    assert_eq!(site.cookie(Some(&"a=1; login=x;b=2"), "login"), Some("x"));
    assert_eq!(site.cookie(Some(&"xlogin=y"), "login"), None);
    assert_eq!(site.cookie(None::<&String>, "login"), None);
}
