//! Two customers on one service provider: whatever one does with the other's connection fails, each
//! attempt with a code of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use conformance::{WatchedStore, service_provider, trust};
use idp_config::IdentityProvider;
use saml_sp::{
    AcsForm, Connection, ConnectionId, EmailDomains, Expected, Login, LoginOptions, PendingLogin,
    Received, RequestStore, Route, ServiceProvider, SubjectKey,
};
use sso_testkit::{
    AuthnRequestInfo, Clock, FakeIdp, IdpKey, KeyKind, OsRandom, Preset, Signs, User, block_on,
};
use time::OffsetDateTime;
use time::macros::datetime;

const SP: &str = "https://app.example.test/saml/metadata";
const ACS: &str = "https://app.example.test/saml/consume";
/// What JumpCloud's guides have every customer type.
const ENTITY_ID: &str = "JumpCloud";

struct Tenant {
    idp: FakeIdp,
    connection: Connection,
}

struct World {
    sp: ServiceProvider,
    store: WatchedStore,
    clock: Clock,
    acme: Tenant,
    eve: Tenant,
}

/// Eve's identity provider says what acme's says of itself; its key is its own.
fn world() -> World {
    let clock = Clock::new(datetime!(2026-12-01 12:00 UTC));
    let tenant = |name: &str, key: usize| {
        let idp = FakeIdp::preset(Preset::Generic)
            .with_entity_id(ENTITY_ID)
            .with_key(IdpKey::pooled(KeyKind::Rsa2048, key));
        let resolved: IdentityProvider = trust(&idp, false, clock.now());
        let connection = Connection::new(ConnectionId::new(name).unwrap(), resolved);
        Tenant { idp, connection }
    };
    World {
        sp: service_provider(SP, ACS),
        store: WatchedStore::default(),
        acme: tenant("acme", 0),
        eve: tenant("eve", 1),
        clock,
    }
}

impl World {
    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    fn start(&self, tenant: &Tenant) -> PendingLogin {
        let options = LoginOptions::default();
        let (_, pending) = self
            .sp
            .start_login(&tenant.connection, &options, self.now(), &OsRandom::new())
            .unwrap();
        block_on(self.store.put(&pending)).unwrap();
        pending
    }

    fn answer(&self, tenant: &Tenant, request: &str, acs: &str, user: &User) -> Received {
        let request = AuthnRequestInfo::new(request, SP, acs);
        let form = tenant
            .idp
            .respond(&request, user, self.now())
            .sign(Signs::Both)
            .to_form();
        self.sp
            .receive(AcsForm::urlencoded(form.as_bytes()))
            .unwrap()
    }

    fn judge(
        &self,
        received: &Received,
        tenant: &Tenant,
        expected: Expected<'_>,
    ) -> Result<Login, &'static str> {
        let validated = self
            .sp
            .validate(received, &tenant.connection, expected, self.now())
            .map_err(|rejection| rejection.code())?;
        block_on(validated.accept(&self.store, &self.store, self.now()))
            .map_err(|rejection| rejection.code())
    }

    fn login(&self, tenant: &Tenant, user: &User) -> Login {
        let pending = self.start(tenant);
        let received = self.answer(tenant, pending.id().as_str(), ACS, user);
        self.judge(&received, tenant, Expected::Request(&pending))
            .unwrap()
    }
}

fn alice() -> User {
    User::example()
}

#[test]
fn each_signs_in_at_its_own_although_both_have_one_entity_id() {
    let world = world();
    for tenant in [&world.acme, &world.eve] {
        let login = world.login(tenant, &alice());
        assert_eq!(login.connection(), tenant.connection.id());
        assert_eq!(login.issuer(), ENTITY_ID);
    }
}

#[test]
fn a01_keys_are_not_pooled_over_connections_of_one_entity_id() {
    let world = world();
    let pending = world.start(&world.acme);
    let forged = world.answer(&world.eve, pending.id().as_str(), ACS, &alice());
    assert_eq!(
        world
            .judge(&forged, &world.acme, Expected::Request(&pending))
            .unwrap_err(),
        "signature.unknown_key"
    );
}

#[test]
fn a01_the_issuer_names_no_connection_when_two_share_it() {
    let world = world();
    let ids = [&world.acme, &world.eve].map(|tenant| tenant.connection.id().clone());
    let refused = Route::new()
        .issuers(&ids)
        .resolve()
        .map(drop)
        .map_err(|error| error.code());
    assert_eq!(refused, Err("connection.issuer_ambiguous"));
}

#[test]
fn a02_an_answer_to_ones_own_request_at_the_others_connection() {
    let world = world();
    let pending = world.start(&world.eve);
    let received = world.answer(&world.eve, pending.id().as_str(), ACS, &alice());
    assert_eq!(
        world
            .judge(&received, &world.acme, Expected::Request(&pending))
            .unwrap_err(),
        "request.other_connection"
    );
    // and the request is still there for its own connection
    world
        .judge(&received, &world.eve, Expected::Request(&pending))
        .unwrap();
}

#[test]
fn a02_the_same_identity_provider_at_two_connections_with_their_own_acs_urls() {
    let world = world();
    let own = |tenant: &Tenant, url: &str| Tenant {
        idp: world.acme.idp.clone(),
        connection: tenant
            .connection
            .clone()
            .with_identity_provider(trust(&world.acme.idp, false, world.now()))
            .with_acs_url(url)
            .unwrap(),
    };
    let acme = own(&world.acme, "https://app.example.test/saml/acme");
    let eve = own(&world.eve, "https://app.example.test/saml/eve");
    let pending = world.start(&acme);
    let for_eve = world.answer(
        &eve,
        pending.id().as_str(),
        "https://app.example.test/saml/eve",
        &alice(),
    );
    assert_eq!(
        world
            .judge(&for_eve, &acme, Expected::Request(&pending))
            .unwrap_err(),
        "response.destination_mismatch"
    );
}

#[test]
fn a03_an_e_mail_address_of_the_others_domain_selects_no_account() {
    let world = world();
    let mut victim = alice();
    victim.name_id = "ada@acme.example".to_owned();
    victim.attributes = vec![("email".to_owned(), vec!["ada@acme.example".to_owned()])];
    let login = world.login(&world.eve, &victim);
    let domains = |tenant: &Tenant, domain: &str| {
        EmailDomains::new(tenant.connection.id().clone(), [domain]).unwrap()
    };
    let eves = domains(&world.eve, "eve.example");
    assert_eq!(
        eves.account_email(&login, "ada@acme.example")
            .map(drop)
            .map_err(|e| e.code()),
        Err("account.email_domain")
    );
    // nor with the list of the customer whose domain it is
    let acmes = domains(&world.acme, "acme.example");
    assert_eq!(
        acmes
            .account_email(&login, "ada@acme.example")
            .map(drop)
            .map_err(|e| e.code()),
        Err("account.other_connection")
    );
}

#[test]
fn a04_one_name_id_at_two_connections_is_two_users() {
    let world = world();
    let keys = [&world.acme, &world.eve]
        .map(|tenant| SubjectKey::of(&world.login(tenant, &alice())).unwrap());
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a04_a_transient_name_id_is_no_user() {
    let world = world();
    let mut somebody = alice();
    somebody.name_id_format =
        Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient".to_owned());
    let login = world.login(&world.acme, &somebody);
    assert_eq!(
        SubjectKey::of(&login).map(drop).map_err(|e| e.code()),
        Err("account.transient_id")
    );
}

#[test]
fn a07_looking_at_a_message_signs_nobody_in() {
    let world = world();
    let pending = world.start(&world.acme);
    let received = world.answer(&world.acme, pending.id().as_str(), ACS, &alice());
    // What a page that tests a connection uses: the same verifier, and no login comes of it
    world.sp.verify(&received, &world.acme.connection).unwrap();
    world
        .judge(&received, &world.acme, Expected::Request(&pending))
        .unwrap();
    let forged = world.answer(&world.eve, pending.id().as_str(), ACS, &alice());
    let rejection = world
        .sp
        .verify(&forged, &world.acme.connection)
        .unwrap_err();
    assert_eq!(rejection.code(), "signature.unknown_key");
    let report = serde_json::to_string(rejection.report()).unwrap();
    assert!(!report.contains("alice@example.test"), "{report}");
}

#[test]
fn b08_an_answer_in_another_browser() {
    let world = world();
    let pending = world.start(&world.acme);
    let others = world.start(&world.acme);
    let presented = others.browser_binding().expose();
    for cookie in [None, Some(presented)] {
        let refused = pending.check_browser(cookie).map_err(|e| e.code());
        assert_eq!(refused, Err("request.other_browser"));
    }
    let own = pending.browser_binding().expose();
    assert_eq!(
        pending.check_browser(Some(own)).map_err(|e| e.code()),
        Ok(())
    );
}

#[test]
fn b09_a_request_to_one_identity_provider_answered_by_another_that_is_trusted_too() {
    let mut world = world();
    // Another entity ID this time, and the same key: one product, two tenants of its vendor
    world.eve.idp = FakeIdp::preset(Preset::Generic)
        .with_entity_id("https://idp.example.test/eve")
        .with_key(IdpKey::pooled(KeyKind::Rsa2048, 0));
    let pending = world.start(&world.acme);
    let received = world.answer(&world.eve, pending.id().as_str(), ACS, &alice());
    assert_eq!(
        world
            .judge(&received, &world.acme, Expected::Request(&pending))
            .unwrap_err(),
        "response.issuer_mismatch"
    );
}

#[test]
fn the_identity_provider_may_be_called_like_the_service_provider() {
    let mut world = world();
    world.acme.idp = world.acme.idp.clone().with_entity_id(SP);
    let resolved = trust(&world.acme.idp, false, world.now());
    world.acme.connection = world
        .acme
        .connection
        .clone()
        .with_identity_provider(resolved);
    let login = world.login(&world.acme, &alice());
    assert_eq!(login.issuer(), SP);
}
