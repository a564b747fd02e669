use super::*;
use crate::testing::Dice;

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
