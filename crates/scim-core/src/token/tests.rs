use super::*;
use crate::testing::{Dice, now};

fn made(connection: &str) -> (TokenRecord, Token) {
    let id = ConnectionId::new(connection);
    TokenRecord::create(
        &id,
        Scopes::all(),
        TokenRecord::LIFETIME,
        OffsetDateTime::UNIX_EPOCH,
        &Dice::default(),
    )
    .unwrap()
}

fn day(number: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(number)
}

#[test]
fn a_token_is_presented_as_bearer_or_basic_and_verified() {
    let (record, token) = made("acme_jump-1");
    let text = token.reveal();
    assert!(text.starts_with("scim_acme_jump-1_") && text.len() == "scim_acme_jump-1_".len() + 43);
    let basic = format!("Basic {}", STANDARD.encode(format!("anyone:{text}")));
    for header in [format!("Bearer {text}"), format!("bearer  {text}"), basic] {
        let presented = Presented::from_header(Some(&header)).unwrap();
        assert_eq!(presented.connection.as_str(), "acme_jump-1");
        assert_eq!(record.verify(&presented, day(1)), Ok(Scopes::all()));
        assert_eq!(
            record.verify(&presented, day(365)),
            Err(TokenError::Expired)
        );
    }
    let (other, _) = made("acme_jump-2");
    let presented = Presented::from_header(Some(&format!("Bearer {text}"))).unwrap();
    assert_eq!(other.verify(&presented, day(1)), Err(TokenError::Unknown));
}

#[test]
fn nothing_stored_or_printed_gives_the_secret_away() {
    let (record, token) = made("c");
    let stored = serde_json::to_string(&record).unwrap();
    assert!(
        !stored.contains(token.reveal())
            && !format!("{record:?}{token:?}").contains(record.sha256.as_str())
    );
    assert!(
        token
            .reveal()
            .starts_with(record.prefix.trim_end_matches('…'))
    );
}

#[test]
fn what_is_no_token_is_refused_with_its_code_and_challenge() {
    let code = |header: Option<&str>| {
        Presented::from_header(header).map_or_else(TokenError::code, |_| "ok")
    };
    assert_eq!(code(None), "token.missing");
    for header in [
        "",
        "Bearer",
        "Bearer x",
        "Digest abc",
        "Basic !!",
        "Bearer scim__",
        "Bearer scim_c_short",
    ] {
        assert_eq!(code(Some(header)), "token.malformed", "{header}");
    }
    assert_eq!(TokenError::Missing.challenge(), r#"Bearer realm="scim""#);
    let response = TokenError::Expired.response();
    assert_eq!(response.status, 401);
    assert!(
        response
            .header("www-authenticate")
            .unwrap()
            .contains("error=\"invalid_token\"")
    );
}

#[test]
fn revoking_and_extending() {
    let (mut record, token) = made("c");
    let presented = Presented::from_header(Some(&format!("Bearer {}", token.reveal()))).unwrap();
    record.extend(TokenRecord::LIFETIME, day(300));
    assert_eq!(record.verify(&presented, day(600)), Ok(Scopes::all()));
    record.revoke(day(301));
    record.extend(TokenRecord::LIFETIME, day(302));
    assert_eq!(
        record.verify(&presented, day(303)),
        Err(TokenError::Revoked)
    );
}

#[test]
fn alerts_come_at_60_30_7_and_1_days_once_each() {
    let (mut record, _) = made("c");
    let mut sent = Vec::new();
    for hour in 0..366 * 24 {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::hours(hour);
        if let [(_, days)] = due_alerts(std::slice::from_ref(&record), now)[..] {
            sent.push((hour / 24, days));
            record.alerted = Some(days);
        }
    }
    assert_eq!(sent, [(305, 60), (335, 30), (358, 7), (364, 1)]);
    record.extend(TokenRecord::LIFETIME, day(364));
    assert_eq!(record.due_alert(day(364)), None);
    let late = made("c").0;
    assert_eq!(
        late.due_alert(day(360)),
        Some(7),
        "not 60 and 30 after each other"
    );
    let short = TokenRecord {
        expires: day(30),
        ..made("c").0
    };
    assert_eq!(short.due_alert(day(0)), None);
    assert_eq!(short.due_alert(day(23)), Some(7));
}

#[test]
fn after_a_long_pause_only_the_nearest_alert_is_sent_and_extending_starts_over() {
    let (mut record, _) = made("c");
    let alerts = |record: &TokenRecord, at| {
        let due = due_alerts(std::slice::from_ref(record), at);
        due.into_iter().map(|(_, days)| days).collect::<Vec<_>>()
    };
    assert_eq!(alerts(&record, day(304)), Vec::<u16>::new());
    assert_eq!(alerts(&record, day(305)), [60]);
    record.alerted = Some(60);
    assert_eq!(alerts(&record, day(306)), Vec::<u16>::new(), "once");
    // Nobody looked for eight weeks: 30 and 7 have passed
    let late = day(364) - Duration::hours(1);
    assert_eq!(alerts(&record, late), [7]);
    record.alerted = Some(7);
    assert_eq!(alerts(&record, late), Vec::<u16>::new());
    assert_eq!(alerts(&record, day(364)), [1]);
    record.alerted = Some(1);
    record.extend(Duration::days(90), day(364));
    assert_eq!(alerts(&record, day(364)), Vec::<u16>::new());
    assert_eq!(alerts(&record, day(394)), [60], "from the beginning");
    record.revoke(day(395));
    assert_eq!(
        alerts(&record, day(453)),
        Vec::<u16>::new(),
        "nothing to warn of"
    );
    let (mut expired, _) = made("c");
    expired.expires = day(10);
    assert_eq!(alerts(&expired, day(10)), Vec::<u16>::new());
    // Several tokens are announced each by itself
    let (young, old) = (
        TokenRecord {
            expires: day(700),
            ..made("young").0
        },
        made("old").0,
    );
    let both = [young, old];
    let due = due_alerts(&both, day(340));
    assert_eq!(
        (due.len(), due[0].0.connection.as_str(), due[0].1),
        (1, "old", 30)
    );
}

#[test]
fn extending_never_shortens_and_revoking_keeps_its_time() {
    let (mut record, _) = made("c");
    record.extend(Duration::days(1), day(10));
    assert_eq!(record.expires, day(365));
    record.extend(Duration::days(365), day(10));
    assert_eq!(record.expires, day(375));
    record.revoke(day(20));
    record.revoke(day(30));
    assert_eq!(record.revoked, Some(day(20)));
    assert!(!record.is_alive(day(21)));
    let (mut stored, _) = made("c");
    stored.alerted = Some(60);
    TokenChange::Extended(day(100)).apply(&mut stored);
    assert_eq!((stored.expires, stored.alerted), (day(365), None));
    TokenChange::Used(day(9)).apply(&mut stored);
    TokenChange::Used(day(8)).apply(&mut stored);
    assert_eq!(stored.last_used, Some(day(9)));
    TokenChange::Alerted(30).apply(&mut stored);
    assert_eq!(stored.alerted, Some(30));
    TokenChange::Revoked(day(5)).apply(&mut stored);
    TokenChange::Revoked(day(6)).apply(&mut stored);
    assert_eq!(stored.revoked, Some(day(5)));
}

#[test]
fn every_refusal_has_its_challenge() {
    for (error, code, challenge) in [
        // RFC 6750 §3.1: without a credential, no error code
        (TokenError::Missing, "token.missing", ""),
        (TokenError::Malformed, "token.malformed", "invalid_request"),
        (TokenError::Unknown, "token.unknown", "invalid_token"),
        (TokenError::Revoked, "token.revoked", "invalid_token"),
        (TokenError::Expired, "token.expired", "invalid_token"),
    ] {
        let response = error.response();
        assert_eq!((response.status, error.code()), (401, code));
        let header = response.header("www-authenticate").unwrap().to_owned();
        let body = response.body.unwrap();
        assert_eq!(body["status"], "401");
        assert!(header.starts_with("Bearer realm=\"scim\""), "{header}");
        let told = header
            .split_once("error=\"")
            .map_or("", |(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(told, challenge);
    }
    let (unknown, revoked) = (
        TokenError::Unknown.response(),
        TokenError::Revoked.response(),
    );
    assert_eq!(
        (unknown.headers, unknown.body),
        (revoked.headers, revoked.body)
    );
}

#[test]
fn basic_takes_the_token_as_password_under_any_name() {
    let (record, token) = made("c");
    let with =
        |text: &str| Presented::from_header(Some(&format!("bAsIc {}", STANDARD.encode(text))));
    for name in ["", "scim", "name with spaces", "ümlaut"] {
        let presented = with(&format!("{name}:{}", token.reveal())).unwrap();
        assert_eq!(record.verify(&presented, day(1)), Ok(Scopes::all()));
    }
    for text in [
        token.reveal().to_owned(),
        format!("{}:", token.reveal()),
        format!("a:{}x", token.reveal()),
    ] {
        assert_eq!(
            with(&text).map_err(TokenError::code).err(),
            Some("token.malformed"),
            "{text}"
        );
    }
}

#[test]
fn tokens_live_beside_each_other_until_one_is_revoked_or_all_are_reset() {
    let (store, dice) = (MemoryTokenStore::default(), Dice::default());
    let (ours, theirs) = (ConnectionId::new("c"), ConnectionId::new("d"));
    let make = |connection: &ConnectionId, at| {
        let made = issue(
            &store,
            connection,
            Scopes::all(),
            TokenRecord::LIFETIME,
            at,
            &dice,
        );
        now(made).unwrap()
    };
    let header = |token: &Token| format!("Bearer {}", token.reveal());
    let enter = |token: &Token, at| {
        now(authenticate(&store, Some(&header(token)), at)).map_err(|e| e.code())
    };
    let (old, old_token) = make(&ours, day(0));
    let (_, new_token) = make(&ours, day(1));
    let (_, other_token) = make(&theirs, day(1));
    assert!(enter(&old_token, day(2)).is_ok() && enter(&new_token, day(2)).is_ok());
    now(store.change(&old.sha256, TokenChange::Revoked(day(3)))).unwrap();
    assert_eq!(enter(&old_token, day(3)).err(), Some("token.revoked"));
    assert!(enter(&new_token, day(3)).is_ok());
    let scopes = Scopes::of(Access::Read, Access::None);
    let (_, last) = now(reset(
        &store,
        &ours,
        scopes,
        Duration::days(30),
        day(4),
        &dice,
    ))
    .unwrap();
    assert_eq!(enter(&new_token, day(4)).err(), Some("token.revoked"));
    assert!(enter(&other_token, day(4)).is_ok(), "another connection's");
    let record = enter(&last, day(4)).unwrap();
    assert_eq!((record.scopes, record.expires), (scopes, day(34)));
    assert_eq!(enter(&last, day(34)).err(), Some("token.expired"));
    assert_eq!(now(store.list(Some(&ours))).unwrap().len(), 3);
    let foreign = make(&ours, day(5)).1;
    let unknown = MemoryTokenStore::default();
    let entered = now(authenticate(&unknown, Some(&header(&foreign)), day(5)));
    assert_eq!(entered.err().map(|e| e.code()), Some("token.unknown"));
}

#[test]
fn the_last_use_is_written_down_once_an_hour() {
    let (store, dice) = (MemoryTokenStore::default(), Dice::default());
    let connection = ConnectionId::new("c");
    let made = issue(
        &store,
        &connection,
        Scopes::all(),
        TokenRecord::LIFETIME,
        day(0),
        &dice,
    );
    let (record, token) = now(made).unwrap();
    let header = format!("Bearer {}", token.reveal());
    let used = |at| {
        now(authenticate(&store, Some(&header), at)).unwrap();
        now(store.find(&record.sha256)).unwrap().unwrap().last_used
    };
    assert_eq!(used(day(1)), Some(day(1)));
    let soon = day(1) + LAST_USED_STEP - Duration::seconds(1);
    assert_eq!(used(soon), Some(day(1)));
    assert_eq!(used(day(1) + LAST_USED_STEP), Some(day(1) + LAST_USED_STEP));
}
