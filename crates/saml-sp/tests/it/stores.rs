//! The last step: a login happens once.

use saml_sp::{
    Consumed, MemoryStore, PendingLogin, RandomError, Rejection, ReplayKey, ReplayStore, RequestId,
    RequestStore, StoreError, Validated,
};
use time::{Duration, OffsetDateTime};

use crate::common::{NOW, Signs, base, block_on, edit, pending, pending_with, sign, validate};

fn validated() -> Validated {
    validate(&sign(base(), Signs::Both)).unwrap()
}

fn store_with_request() -> MemoryStore {
    let store = MemoryStore::new();
    block_on(store.put(&pending())).unwrap();
    store
}

/// Fails in one of its two roles.
struct Failing;

impl RequestStore for Failing {
    async fn put(&self, _: &PendingLogin) -> Result<(), StoreError> {
        Err(StoreError::new("down"))
    }

    async fn find(&self, _: &RequestId) -> Result<Option<PendingLogin>, StoreError> {
        Err(StoreError::new("down"))
    }

    async fn consume(&self, _: &RequestId, _: OffsetDateTime) -> Result<Consumed, StoreError> {
        Err(StoreError::new("down"))
    }
}

impl ReplayStore for Failing {
    async fn insert_once(
        &self,
        _: &ReplayKey,
        _: OffsetDateTime,
        _: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        Err(StoreError::new("down"))
    }
}

#[test]
fn what_fails_outside_the_steps_is_refused_like_the_rest() {
    let error = block_on(Failing.find(pending().id())).unwrap_err();
    let rejection = Rejection::from(error);
    assert_eq!(rejection.code(), "store.failed");
    let cause = std::error::Error::source(&rejection).unwrap();
    assert_eq!(cause.source().unwrap().to_string(), "down");
    assert_eq!(
        saml_sp::Error::from(RandomError).code(),
        "connection.random"
    );
}

#[test]
fn a_login_happens_once() {
    let store = store_with_request();
    let login = block_on(validated().accept(&store, &store, NOW)).unwrap();
    assert_eq!(login.name_id().unwrap().value(), "ada@corp.example");
    assert_eq!(login.return_to(), Some("/reports/7"));
    assert_eq!(
        login.attributes().texts("groups").unwrap(),
        ["admins", "staff"]
    );
    assert_eq!(
        login.attributes().single("nope").unwrap_err().code(),
        "attribute.not_found"
    );
    assert_eq!(login.report().code(), None);
    let again = block_on(validated().accept(&store, &store, NOW)).unwrap_err();
    assert_eq!(again.code(), "request.already_used");
}

#[test]
fn an_assertion_is_used_once_over_requests() {
    let replays = MemoryStore::new();
    block_on(validated().accept(&store_with_request(), &replays, NOW)).unwrap();
    let again = block_on(validated().accept(&store_with_request(), &replays, NOW)).unwrap_err();
    assert_eq!(again.code(), "assertion.replayed");
    // IDs are compared exactly
    let other = validate(&sign(
        edit(base(), &[("\"_assertion\"", "\"_Assertion\"")]),
        Signs::Response,
    ))
    .unwrap();
    assert!(block_on(other.accept(&store_with_request(), &replays, NOW)).is_ok());
}

#[test]
fn an_assertion_is_remembered_until_it_cannot_be_used() {
    let replays = MemoryStore::new();
    block_on(validated().accept(&store_with_request(), &replays, NOW)).unwrap();
    // the last second in which it validates: NotOnOrAfter 12:05:00 and 180 s of skew
    let last = NOW + Duration::seconds(479);
    let again = block_on(validated().accept(&store_with_request(), &replays, last)).unwrap_err();
    assert_eq!(again.code(), "assertion.replayed");
    let late =
        block_on(validated().accept(&store_with_request(), &replays, last + Duration::SECOND))
            .unwrap_err();
    assert_eq!(late.code(), "subject.expired");
}

#[test]
fn requests_that_nobody_knows() {
    let store = MemoryStore::new();
    assert_eq!(
        block_on(validated().accept(&store, &store, NOW))
            .unwrap_err()
            .code(),
        "request.unknown"
    );
}

#[test]
fn a_store_that_fails_refuses() {
    let store = store_with_request();
    let rejection = block_on(validated().accept(&Failing, &store, NOW)).unwrap_err();
    assert_eq!(rejection.code(), "store.failed");
    assert!(std::error::Error::source(&rejection).is_some());
    // nothing was written: the login can still be made
    let rejection = block_on(validated().accept(&store, &Failing, NOW)).unwrap_err();
    assert_eq!(rejection.code(), "store.failed");
    // now the request is used up, and the message with it
    let rejection = block_on(validated().accept(&store, &store, NOW)).unwrap_err();
    assert_eq!(rejection.code(), "request.already_used");
}

#[test]
fn memory_is_bounded_and_never_lies() {
    let store = MemoryStore::with_capacity(1);
    block_on(store.put(&pending())).unwrap();
    block_on(store.put(&pending())).unwrap();
    let other = pending_with(|json| json["id"] = "_other".into());
    assert!(block_on(store.put(&other)).is_err());
    let later = pending_with(|json| {
        json["id"] = "_later".into();
        json["created"] = json["expires"].clone();
    });
    assert!(block_on(store.put(&later)).is_ok());

    let key = |id: &str| ReplayKey::new(pending().connection().clone(), "idp", id);
    let until = NOW + Duration::MINUTE;
    assert!(block_on(store.insert_once(&key("a"), until, NOW)).unwrap());
    assert!(!block_on(store.insert_once(&key("a"), until, NOW)).unwrap());
    assert!(block_on(store.insert_once(&key("b"), until, NOW)).is_err());
    assert!(block_on(store.insert_once(&key("b"), until, until)).unwrap());
}

#[test]
fn a_used_request_stays_used() {
    let store = store_with_request();
    let id = pending().id().clone();
    assert_eq!(block_on(store.consume(&id, NOW)).unwrap(), Consumed::Now);
    block_on(store.put(&pending())).unwrap();
    assert_eq!(
        block_on(store.consume(&id, NOW)).unwrap(),
        Consumed::AlreadyUsed
    );
    assert!(block_on(store.find(&id)).unwrap().is_some());
    assert_eq!(
        block_on(store.consume(&id, pending().expires())).unwrap(),
        Consumed::Unknown
    );
}

#[test]
fn attribute_values_are_never_flattened_or_chosen() {
    let values = "<saml:AttributeValue>ada@corp.example</saml:AttributeValue>";
    let odd = "<saml:AttributeValue>a<x xmlns=\"urn:x\">b</x></saml:AttributeValue>";
    let xml = edit(
        base(),
        &[(values, odd), ("Name=\"groups\"", "Name=\"mail\"")],
    );
    let store = store_with_request();
    let validated = validate(&sign(xml, Signs::Assertion)).unwrap();
    let login = block_on(validated.accept(&store, &store, NOW)).unwrap();
    let mail = login.attributes();
    assert_eq!(mail.len(), 2);
    assert_eq!(mail.all("mail").count(), 3);
    assert_eq!(
        mail.single("mail").unwrap_err().code(),
        "attribute.not_single"
    );
    assert_eq!(mail.texts("mail").unwrap_err().code(), "attribute.not_text");
    assert_eq!(mail.all("mail").next().unwrap().as_text(), None);

    let nil = "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
    let store = store_with_request();
    let validated = validate(&sign(edit(base(), &[(values, nil)]), Signs::Assertion)).unwrap();
    let login = block_on(validated.accept(&store, &store, NOW)).unwrap();
    assert_eq!(
        login.attributes().single("mail").unwrap_err().code(),
        "attribute.not_text"
    );
}
