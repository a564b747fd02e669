//! A service provider set up for tests, and what it says to a message.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test harness fails by panicking"
)]

pub mod encrypted;
mod federation;
pub mod linted;
pub mod logout;
pub mod scenario;
mod sealed;
pub mod signed_metadata;
mod store;
pub mod vectors;

use idp_config::{IdentityProvider, IdpSource};
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, Login, LoginOptions, NameIdPolicy, Outbound,
    PendingLogin, Random, ServiceProvider, SignedPart,
};
use sso_testkit::catalogue::{ACCEPTED, Base, Case, Message, PERSISTENT, STRONG_CONTEXT, Setting};
use sso_testkit::{FakeIdp, Signs, block_on};
use time::OffsetDateTime;

pub use store::WatchedStore;

/// One connection, and one login that was started at it.
#[derive(Debug)]
pub struct Exchange {
    /// The service provider.
    pub sp: ServiceProvider,
    /// The connection.
    pub connection: Connection,
    /// What was sent to the IdP.
    pub outbound: Outbound,
    /// The login that waits for its answer.
    pub pending: PendingLogin,
    /// Whether the answer is to be taken as one that nobody asked for.
    pub unsolicited: bool,
    /// When the answer arrives.
    pub now: OffsetDateTime,
}

/// The service provider of all tests.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn service_provider(entity_id: &str, acs_url: &str) -> ServiceProvider {
    ServiceProvider::builder(entity_id, acs_url)
        .build()
        .expect("a service provider")
}

/// What an administrator has configured: metadata, or the certificate's fingerprint.
///
/// # Panics
/// When the IdP's metadata are refused.
#[must_use]
pub fn trust(idp: &FakeIdp, fingerprint: bool, now: OffsetDateTime) -> IdentityProvider {
    let source = if fingerprint {
        let hex: Vec<String> = idp
            .key()
            .fingerprint()
            .iter()
            .map(|octet| format!("{octet:02X}"))
            .collect();
        IdpSource::fingerprint(idp.entity_id(), idp.sso_url(), None, &hex.join(":"))
            .expect("a fingerprint")
    } else {
        IdpSource::MetadataXml {
            xml: idp.metadata_xml(),
            entity_id: None,
        }
    };
    source.resolve(now).expect("a trusted IdP")
}

/// A connection with these settings.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn connection(idp: IdentityProvider, setting: &Setting) -> Connection {
    let part = match setting.require {
        None | Some(Signs::Nothing) => SignedPart::Either,
        Some(Signs::Response) => SignedPart::Response,
        Some(Signs::Assertion) => SignedPart::Assertion,
        Some(_) => SignedPart::Both,
    };
    Connection::new(ConnectionId::new("acme").expect("an id"), idp)
        .require_signed(part)
        .allow_unsolicited(setting.allow_unsolicited)
}

/// The login options with these settings.
#[must_use]
pub fn options(setting: &Setting) -> LoginOptions {
    let mut options = LoginOptions::default()
        .return_to("/inbox")
        .force_authn(setting.force_authn);
    if setting.name_id_policy {
        options = options.name_id_policy(NameIdPolicy::default().format(PERSISTENT));
    }
    if setting.authn_context {
        options = options.authn_context([STRONG_CONTEXT]);
    }
    options
}

impl Exchange {
    /// Starts a login at the base's IdP, as the setting says.
    ///
    /// # Panics
    /// When the login cannot be started.
    #[must_use]
    pub fn start(base: &Base, setting: &Setting, rng: &dyn Random) -> Self {
        let sp = service_provider(&base.sp_entity_id, &base.acs_url);
        let connection = connection(trust(&base.idp, setting.fingerprint, base.now), setting);
        let (outbound, pending) = sp
            .start_login(&connection, &options(setting), base.now, rng)
            .expect("a login starts");
        Self {
            sp,
            connection,
            outbound,
            pending,
            unsolicited: setting.unsolicited,
            now: base.now,
        }
    }

    /// The base with the IDs of this exchange.
    #[must_use]
    pub fn base(&self, base: &Base) -> Base {
        Base {
            request_id: self.pending.id().as_str().to_owned(),
            relay_state: Some(self.pending.relay_state().as_str().to_owned()),
            ..base.clone()
        }
    }

    /// A store that knows the login, and watches what else is written to it.
    #[must_use]
    pub fn store(&self) -> WatchedStore {
        WatchedStore::new(&self.pending)
    }

    /// Hands a form over and goes all the way to a login.
    ///
    /// # Errors
    /// The reason code.
    pub fn judge(&self, form: AcsForm<'_>, store: &WatchedStore) -> Result<Login, &'static str> {
        let received = self.sp.receive(form).map_err(|error| error.code())?;
        let expected = if self.unsolicited {
            Expected::Unsolicited
        } else {
            Expected::Request(&self.pending)
        };
        let validated = self
            .sp
            .validate(&received, &self.connection, expected, self.now)
            .map_err(|refused| refused.code())?;
        block_on(validated.accept(store, store, self.now)).map_err(|refused| refused.code())
    }
}

/// What came of a case: an empty list when all is as it should be, else what is not.
#[must_use]
pub fn judge_case(case: &Case, base: &Base, rng: &dyn Random) -> Vec<String> {
    let base = case.base(base);
    let exchange = Exchange::start(&base, &case.setting, rng);
    let base = exchange.base(&base);
    let message = case.build(&base);
    let name = case.name();
    let mut wrong = Vec::new();

    if !case.proof.holds(&message, &base) {
        wrong.push(format!(
            "{name}: the genuine signature is not valid in it ({:?})",
            case.proof
        ));
    }
    let expected = case.name_id.as_deref().unwrap_or(&base.user.name_id);
    let form = message.to_form(base.relay_state.as_deref());
    wrong.extend(check(
        &exchange,
        &name,
        case.code,
        AcsForm::urlencoded(&form),
        expected,
    ));
    if let Message::Xml(xml) = &message {
        // the same message by the other entry point
        let value = saml_xml::types::encode_base64(xml);
        wrong.extend(check(
            &exchange,
            &name,
            case.code,
            AcsForm::fields(&value, None),
            expected,
        ));
    }
    wrong
}

/// Judges one form, and looks at the store and the login.
pub fn check(
    exchange: &Exchange,
    name: &str,
    code: &str,
    form: AcsForm<'_>,
    name_id: &str,
) -> Vec<String> {
    let store = exchange.store();
    let mut wrong = Vec::new();
    match exchange.judge(form, &store) {
        Ok(login) => {
            if code != ACCEPTED {
                wrong.push(format!("{name}: accepted"));
            }
            let got = login.name_id().map_or("", |name_id| name_id.value());
            if code == ACCEPTED && got != name_id {
                wrong.push(format!("{name}: NameID {got:?} instead of {name_id:?}"));
            }
            if store.writes() != if exchange.unsolicited { 1 } else { 2 } {
                wrong.push(format!("{name}: {} writes to the stores", store.writes()));
            }
        }
        Err(got) => {
            if got != code {
                wrong.push(format!("{name}: {got}"));
            }
            if store.writes() != 0 {
                wrong.push(format!(
                    "{name}: refused, and yet {} writes to the stores",
                    store.writes()
                ));
            }
        }
    }
    wrong
}
