//! `sealed …`: a login whose request the browser keeps.

use saml_sp::{
    AcsForm, Connection, Expected, LoginOptions, PendingLogin, Random, RandomError, SealedRequest,
    SealingKey, ServiceProvider,
};
use sso_testkit::catalogue::Base;
use sso_testkit::{AuthnRequestInfo, OsRandom, block_on};
use time::{Duration, OffsetDateTime};

use crate::WatchedStore;

struct NoRandom;

impl Random for NoRandom {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

fn key(octet: u8) -> SealingKey {
    SealingKey::from_bytes(&[octet; 32]).expect("32 octets")
}

/// A whole login, as the words say.
///
/// # Errors
/// The reason code.
///
/// # Panics
/// When the login cannot be started.
pub(crate) fn run(
    base: &Base,
    sp: &ServiceProvider,
    connection: &Connection,
    now: OffsetDateTime,
    argument: &str,
) -> Result<(), &'static str> {
    let has = |word: &str| argument.split_whitespace().any(|found| found == word);
    if has("short_key") {
        return SealingKey::from_bytes(&[7; 16])
            .map(drop)
            .map_err(|error| error.code());
    }
    let rng = OsRandom::new();
    let mut options = LoginOptions::default();
    if has("long_return_to") {
        options = options.return_to("/".repeat(4000));
    }
    let start = || {
        sp.start_login(connection, &options, now, &rng)
            .expect("a start")
    };
    let (_, pending) = start();
    let rng: &dyn Random = if has("no_randomness") {
        &NoRandom
    } else {
        &rng
    };
    let mut sealed = pending.seal(&key(7), rng).map_err(|e| e.code())?;
    assert!(!sealed.contains(pending.id().as_str()), "it is encrypted");
    if has("changed") {
        let other = if sealed.starts_with('A') { "B" } else { "A" };
        sealed.replace_range(..1, other);
    }
    if has("nonsense") {
        "not base64!".clone_into(&mut sealed);
    }
    // The second key is the one before the last change
    let keys = [key(9), key(if has("other_key") { 8 } else { 7 })];
    let now = if has("late") {
        now + Duration::minutes(20)
    } else {
        now
    };
    let pending = PendingLogin::unseal(&sealed, &keys, now).map_err(|e| e.code())?;
    let request = AuthnRequestInfo::new(pending.id().as_str(), &base.sp_entity_id, &base.acs_url);
    let form = base.idp.respond(&request, &base.user, now).to_form();
    let store = WatchedStore::default();
    let accept = || {
        let received = sp
            .receive(AcsForm::urlencoded(form.as_bytes()))
            .expect("a form");
        let validated = sp
            .validate(&received, connection, Expected::Request(&pending), now)
            .map_err(|rejection| rejection.code())?;
        let requests = if has("of_another_login") {
            SealedRequest::of(&start().1)
        } else {
            SealedRequest::of(&pending)
        };
        block_on(validated.accept(&requests, &store, now))
            .map(drop)
            .map_err(|rejection| rejection.code())
    };
    if has("twice") {
        accept()?;
    }
    accept()
}
