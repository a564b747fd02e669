//! Scripted sequences: what takes more than one message, or no message at all.
//!
//! A scenario is `{"steps": ["start", "answer", "answer"]}`: each step is a verb and perhaps an argument. The
//! last step ends in the code that the file is named after; every step before it has to go well.

use idp_config::IdpSource;
use saml_sp::{
    Connection, ConnectionId, EmailDomains, Expected, Identifier, Login, LoginOptions, Random,
    RandomError, RequestBinding, Route, ServiceProvider, SubjectKey,
};
use saml_xml::{C14nOptions, Certificate, Document, Limits, SignatureError, SigningKey};
use serde::Deserialize;
use sso_testkit::OsRandom;
use sso_testkit::catalogue::{Base, Setting};
use time::Duration;

use crate::logout::Logout;
use crate::{Exchange, WatchedStore};

/// A script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Verbs with arguments.
    pub steps: Vec<String>,
}

struct NoRandom;

impl Random for NoRandom {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

struct World {
    base: Base,
    exchange: Exchange,
    store: WatchedStore,
    answer: Option<String>,
    name_id_format: Option<String>,
    login: Option<Login>,
}

type Outcome = Result<(), &'static str>;

impl Scenario {
    /// Runs it; `accepted`, or the code that the last step ended in.
    ///
    /// # Panics
    /// When a step before the last one fails, or a verb is unknown.
    #[must_use]
    pub fn run(&self) -> &'static str {
        let base = Base::example();
        let exchange = Exchange::start(&base, &Setting::default(), &OsRandom::new());
        let store = exchange.store();
        let mut world = World {
            base: exchange.base(&base),
            exchange,
            store,
            answer: None,
            name_id_format: None,
            login: None,
        };
        let (last, before) = self.steps.split_last().expect("a scenario has steps");
        for step in before {
            world
                .step(step)
                .unwrap_or_else(|code| panic!("{step}: {code}"));
        }
        world.step(last).err().unwrap_or("accepted")
    }
}

impl World {
    fn step(&mut self, step: &str) -> Outcome {
        let (verb, argument) = step.split_once(' ').unwrap_or((step, ""));
        match verb {
            // the login
            "prepare" => {
                self.prepare();
                Ok(())
            }
            "answer" => {
                self.prepare();
                self.deliver()
            }
            "answer_again" => self.deliver(),
            "wait_minutes" => {
                self.exchange.now += Duration::minutes(number(argument));
                Ok(())
            }
            "forget_requests" => {
                self.store = WatchedStore::default();
                Ok(())
            }
            "break_store" => {
                self.store.broken = true;
                Ok(())
            }
            "allow_unsolicited" => {
                self.exchange.connection = self.exchange.connection.clone().allow_unsolicited(true);
                self.exchange.unsolicited = true;
                Ok(())
            }
            "answer_another_connections_request" => self.other_connection(),
            "browser" => {
                let secret = self.exchange.pending.browser_binding().expose().to_owned();
                let presented = match argument {
                    "same" => Some(secret),
                    "without_cookie" => None,
                    other => Some(other.to_owned()),
                };
                self.exchange
                    .pending
                    .check_browser(presented.as_deref())
                    .map_err(|error| error.code())
            }
            "refused_messages" => self.refused_messages(number(argument)),
            "post_bytes" => {
                let body = [
                    b"SAMLResponse=".as_slice(),
                    &vec![b'A'; usize::try_from(number(argument)).expect("a size")],
                ]
                .concat();
                let form = saml_sp::AcsForm::urlencoded(&body);
                self.exchange
                    .sp
                    .receive(form)
                    .map(drop)
                    .map_err(|error| error.code())
            }
            "pinned_certificate_is" => self.pinned(argument),
            "signed_metadata" => {
                crate::signed_metadata::run(&self.base.idp, self.exchange.now, argument)
            }
            "lint" => crate::linted::run(&self.base.idp, self.exchange.now, argument),
            "encrypted" => {
                let words: Vec<&str> = argument.split_whitespace().collect();
                let base = Base {
                    now: self.exchange.now,
                    ..self.base.clone()
                };
                let with_key = !words.contains(&"without_our_key");
                self.exchange.sp = crate::encrypted::service_provider(&base, with_key);
                let mut connection = self.exchange.connection.clone();
                if words.contains(&"danger_unauthenticated") {
                    connection = saml_sp::danger::accept_unauthenticated_encryption(connection);
                }
                if words.contains(&"danger_3des") {
                    connection = saml_sp::danger::accept_triple_des(connection);
                }
                self.exchange.connection = connection;
                self.answer = Some(crate::encrypted::answer(&base, &words));
                self.deliver()
            }
            "federation" | "federation_start" => {
                let words: Vec<&str> = argument.split_whitespace().collect();
                let id = self.exchange.connection.id().clone();
                let now = self.exchange.now;
                let connection = crate::federation::connection(&self.base, &id, now, &words);
                if verb == "federation_start" {
                    return crate::federation::start(&self.exchange.sp, &connection, now, &words);
                }
                self.exchange.connection = connection;
                Ok(())
            }
            "preset" => {
                let id = self.exchange.connection.id().clone();
                let source = IdpSource::fingerprint(
                    "urn:idp",
                    "https://idp.example.test/",
                    None,
                    &"ab".repeat(32),
                )
                .expect("a source");
                let idp = source
                    .resolve(self.exchange.now)
                    .expect("an identity provider");
                let mut config = saml_sp::ConnectionConfig::new(id, source);
                config.preset = Some(argument.to_owned());
                config.build(idp).map(drop).map_err(|error| error.code())
            }
            "key_taken_away" => {
                // The identity provider's metadata name another key from now on
                let other = sso_testkit::IdpKey::pooled(sso_testkit::KeyKind::Rsa2048, 3);
                let idp = self.base.idp.clone().with_key(other);
                let resolved = crate::trust(&idp, false, self.exchange.now);
                let connection = self.exchange.connection.clone();
                self.exchange.connection = connection.with_identity_provider(resolved);
                Ok(())
            }
            "sealed" => {
                let exchange = &self.exchange;
                let (sp, connection) = (&exchange.sp, &exchange.connection);
                crate::sealed::run(&self.base, sp, connection, exchange.now, argument)
            }
            "logout_request" => self.logout().request(argument),
            "logout_response" => self.logout().response(argument),
            "ask_for_the_same_user" => {
                self.ask_for_the_same_user();
                Ok(())
            }
            "another_user" => {
                "eve@example.test".clone_into(&mut self.base.user.name_id);
                Ok(())
            }
            "read_single" => {
                let login = self.login.as_ref().expect("a login");
                login
                    .attributes()
                    .single(argument)
                    .map(drop)
                    .map_err(|error| error.code())
            }
            // our own configuration
            "entity_id" => ServiceProvider::builder(argument, "https://sp.example.test/acs")
                .build()
                .map(drop)
                .map_err(|e| e.code()),
            "acs_url" => ServiceProvider::builder("urn:sp", argument)
                .build()
                .map(drop)
                .map_err(|e| e.code()),
            "connection_id" => ConnectionId::new(argument).map(drop).map_err(|e| e.code()),
            "clock_skew_seconds" => {
                let connection = self.exchange.connection.clone();
                connection
                    .clock_skew(Duration::seconds(number(argument)))
                    .map(drop)
                    .map_err(|e| e.code())
            }
            "start" => self.start(argument),
            // many customers
            "identify_by_attribute" => {
                let identifier = Identifier::Attribute(argument.to_owned());
                self.exchange.connection = self.exchange.connection.clone().identify_by(identifier);
                Ok(())
            }
            "name_id_format" => {
                self.name_id_format = Some(argument.to_owned());
                Ok(())
            }
            "subject_key" => {
                let login = self.login.as_ref().expect("a login");
                SubjectKey::of(login).map(drop).map_err(|e| e.code())
            }
            "email_domain" => self.email("acme", argument, "ada@acme.example"),
            "email" => self.email("acme", "acme.example", argument),
            "email_at_another_connection" => self.email("other", "acme.example", argument),
            "route" => route(argument),
            // the parts of the XML core
            _ => xml_step(verb, argument),
        }
    }

    /// The IdP's answer, made now.
    fn prepare(&mut self) {
        let unsolicited = self.exchange.unsolicited;
        let format = self.name_id_format.clone();
        let base = Base {
            now: self.exchange.now,
            ..self.base.clone()
        };
        let answer = base
            .answer()
            .mutate(|fields| {
                if let (true, Some(assertion)) = (unsolicited, &mut fields.assertion) {
                    fields.in_response_to = None;
                    assertion.in_response_to = None;
                }
                if let (Some(format), Some(assertion)) = (&format, &mut fields.assertion) {
                    assertion.name_id_format = Some(format.clone());
                }
            })
            .edit_assertion(|xml| {
                let structured = "<saml:Attribute Name=\"structured\"><saml:AttributeValue><saml:NameID>x</saml:NameID>\
                                  </saml:AttributeValue></saml:Attribute>";
                sso_testkit::surgery::append(&xml, "saml:AttributeStatement", structured)
            });
        let answer = if self.exchange.connection.policy() == saml_sp::Policy::Federation {
            answer.sign(sso_testkit::Signs::Both)
        } else {
            answer
        };
        self.answer = Some(answer.to_form());
    }

    fn email(&self, connection: &str, domain: &str, address: &str) -> Outcome {
        let connection = ConnectionId::new(connection).expect("an id");
        EmailDomains::new(connection, [domain])
            .and_then(|domains| {
                let login = self.login.as_ref().expect("a login");
                domains.account_email(login, address)
            })
            .map(drop)
            .map_err(|error| error.code())
    }

    fn logout(&self) -> Logout<'_> {
        let login = self.login.as_ref().expect("a login");
        Logout::new(&self.base, login, &self.store, self.exchange.now)
    }

    /// A second login, which names the user of the first.
    fn ask_for_the_same_user(&mut self) {
        let name_id = self.login.as_ref().and_then(|l| l.subject().name_id());
        let options = LoginOptions::default().subject(name_id.expect("a NameID").clone());
        let (_, pending) = self
            .exchange
            .sp
            .start_login(
                &self.exchange.connection,
                &options,
                self.exchange.now,
                &OsRandom::new(),
            )
            .expect("a login starts");
        self.exchange.pending = pending;
        self.store = self.exchange.store();
        self.base = self.exchange.base(&self.base);
    }

    /// The browser brings the answer.
    fn deliver(&mut self) -> Outcome {
        let form = self.answer.as_deref().expect("an answer was made");
        let login = self
            .exchange
            .judge(saml_sp::AcsForm::urlencoded(form.as_bytes()), &self.store)?;
        self.login = Some(login);
        Ok(())
    }

    fn other_connection(&self) -> Outcome {
        let idp = self.exchange.connection.identity_provider().clone();
        let other = Connection::new(ConnectionId::new("other").expect("an id"), idp);
        let form = self.base.answer().to_form();
        let received = self
            .exchange
            .sp
            .receive(saml_sp::AcsForm::urlencoded(form.as_bytes()))
            .map_err(|error| error.code())?;
        let expected = Expected::Request(&self.exchange.pending);
        self.exchange
            .sp
            .validate(&received, &other, expected, self.exchange.now)
            .map(drop)
            .map_err(|e| e.code())
    }

    /// Trust by the fingerprint of something that is no certificate, and a message that carries it.
    fn pinned(&self, octets: &str) -> Outcome {
        let digest =
            sso_testkit::signer::digest_with(sso_testkit::algorithm::SHA256, octets.as_bytes());
        let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        let idp = &self.base.idp;
        let trusted = IdpSource::fingerprint(idp.entity_id(), idp.sso_url(), None, &hex)
            .and_then(|source| source.resolve(self.exchange.now))
            .expect("a fingerprint");
        let connection = self
            .exchange
            .connection
            .clone()
            .with_identity_provider(trusted);
        let carried = saml_xml::types::encode_base64(octets.as_bytes());
        let xml = self
            .base
            .genuine()
            .replace(&idp.key().certificate_base64(), &carried);
        let value = saml_xml::types::encode_base64(xml.as_bytes());
        let received = self
            .exchange
            .sp
            .receive(saml_sp::AcsForm::fields(&value, None))
            .map_err(|error| error.code())?;
        let expected = Expected::Request(&self.exchange.pending);
        self.exchange
            .sp
            .validate(&received, &connection, expected, self.exchange.now)
            .map(drop)
            .map_err(|e| e.code())
    }

    /// D11: messages that prove nothing fill no store, however many they are.
    fn refused_messages(&self, count: i64) -> Outcome {
        let genuine = self.base.genuine();
        let before = self.store.writes();
        for n in 0..count {
            let xml = genuine.replace("_assertion-1", &format!("_assertion-{n}-x"));
            let form = sso_testkit::form_body(xml.as_bytes(), None);
            let judged = self
                .exchange
                .judge(saml_sp::AcsForm::urlencoded(form.as_bytes()), &self.store);
            // the ID stands in the Reference, too, so it is the signature itself that no longer fits
            assert_eq!(
                judged.err(),
                Some("signature.value_mismatch"),
                "message {n}"
            );
        }
        assert_eq!(
            self.store.writes(),
            before,
            "nothing is written for a message that is refused"
        );
        Ok(())
    }

    fn start(&self, how: &str) -> Outcome {
        let sp = &self.exchange.sp;
        let (now, rng) = (self.exchange.now, OsRandom::new());
        let connection = self.exchange.connection.clone();
        let start = |connection: &Connection, rng: &dyn Random| {
            sp.start_login(connection, &LoginOptions::default(), now, rng)
                .map(drop)
                .map_err(|error| error.code())
        };
        let from_metadata = |xml: String| {
            let idp = IdpSource::MetadataXml {
                xml,
                entity_id: None,
            }
            .resolve(now)
            .expect("metadata");
            Connection::new(ConnectionId::new("acme").expect("an id"), idp)
        };
        match how {
            "plainly" => start(&connection, &rng),
            "by_redirect_where_only_post_is_offered" => {
                let xml = self
                    .base
                    .idp
                    .metadata_xml()
                    .replace("bindings:HTTP-Redirect", "bindings:HTTP-Artifact");
                start(
                    &from_metadata(xml).request_binding(RequestBinding::Redirect),
                    &rng,
                )
            }
            "signed_without_a_key" => start(&connection.sign_requests(true), &rng),
            "signed_with_a_damaged_key" => {
                // one bit of dP is wrong: the key can be read, and what it signs is not a signature
                let pem =
                    std::fs::read_to_string(crate::vectors::folder().join("keys/damaged.key.pem"))
                        .expect("a key");
                let key = SigningKey::from_pkcs8_pem(&pem).expect("a key that can be read");
                let sp = ServiceProvider::builder("urn:sp", "https://sp.example.test/acs")
                    .signing_key(key)
                    .build();
                sp.and_then(|sp| {
                    sp.start_login(
                        &connection.sign_requests(true),
                        &LoginOptions::default(),
                        now,
                        &rng,
                    )
                })
                .map(drop)
                .map_err(|error| error.code())
            }
            "without_randomness" => start(&connection, &NoRandom),
            "after_valid_until" => {
                let until = saml_xml::types::format_date_time(now + Duration::hours(1));
                let xml = self
                    .base
                    .idp
                    .metadata_xml()
                    .replace(" entityID=", &format!(" validUntil=\"{until}\" entityID="));
                let connection = from_metadata(xml);
                sp.start_login(
                    &connection,
                    &LoginOptions::default(),
                    now + Duration::hours(2),
                    &rng,
                )
                .map(drop)
                .map_err(|error| error.code())
            }
            other => panic!("unknown way to start: {other}"),
        }
    }
}

/// Connections that share the issuer, by name; none is known otherwise.
fn route(issuers: &str) -> Outcome {
    let ids: Vec<_> = issuers
        .split_whitespace()
        .map(|id| ConnectionId::new(id).expect("an id"))
        .collect();
    Route::new()
        .issuers(&ids)
        .resolve()
        .map(drop)
        .map_err(|error| error.code())
}

fn number(argument: &str) -> i64 {
    argument.parse().expect("a number")
}

fn xml_step(verb: &str, argument: &str) -> Outcome {
    let parse = |xml: String| {
        Document::parse(xml.into_bytes(), &Limits::default()).map_err(|error| error.code())
    };
    let count = || usize::try_from(number(argument)).expect("a count");
    match verb {
        "parse" => parse(argument.to_owned()).map(drop),
        "parse_bytes" => parse(format!("<a>{}</a>", "x".repeat(count() - 7))).map(drop),
        "parse_siblings" => parse(format!("<a>{}</a>", "<b/>".repeat(count()))).map(drop),
        "parse_nested" => parse(["<a>".repeat(count()), "</a>".repeat(count())].concat()).map(drop),
        "canonicalise_all_but_itself" | "sign_all_but_itself" => {
            let document = parse("<a></a>".to_owned())?;
            let options = C14nOptions::default().without(document.root());
            let done = saml_xml::exclusive_c14n(document.root(), &options, &mut Vec::new());
            // no message leads there, because the signed element is never its own signature; a verifier that
            // met it all the same would say so
            if verb == "sign_all_but_itself" {
                done.map_err(|error| SignatureError::from(error).code())
            } else {
                done.map_err(|error| error.code())
            }
        }
        "date_time" => saml_xml::types::parse_date_time(argument)
            .map(drop)
            .map_err(|error| error.code()),
        "duration" => saml_xml::types::parse_duration(argument)
            .map(drop)
            .map_err(|error| error.code()),
        "base64" => saml_xml::types::decode_base64(argument)
            .map(drop)
            .map_err(|error| error.code()),
        "id" => saml_xml::types::parse_id(argument)
            .map(drop)
            .map_err(|error| error.code()),
        "certificate_pem" => Certificate::from_pem(&argument.replace("\\n", "\n"))
            .map(drop)
            .map_err(|error| error.code()),
        "certificate_base64" => {
            let der = saml_xml::types::decode_base64(argument).map_err(|error| error.code())?;
            Certificate::from_der(&der)
                .map(drop)
                .map_err(|error| error.code())
        }
        "spki_base64" => {
            let der = saml_xml::types::decode_base64(argument).map_err(|error| error.code())?;
            saml_xml::VerifyingKey::from_spki_der(&der)
                .map(drop)
                .map_err(|error| error.code())
        }
        other => panic!("unknown step: {other}"),
    }
}
