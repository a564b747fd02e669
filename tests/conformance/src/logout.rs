//! Scripted logouts: `logout_request` and `logout_response` with what is wrong about them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use idp_config::{IdentityProvider, IdpSource};
use saml_sp::{
    Connection, ConnectionId, Login, LogoutMessage, LogoutOutcome, LogoutStatus, LogoutSubject,
    Outbound, PendingLogout, ServiceProvider, StartedLogout,
};
use saml_xml::types::{encode_base64, format_date_time};
use saml_xml::{Certificate, SignOptions, SigningKey, sign_enveloped};
use sso_testkit::catalogue::Base;
use sso_testkit::{OsRandom, block_on};
use time::{Duration, OffsetDateTime};

use crate::WatchedStore;
use crate::vectors::signing_key as key;

const SLO: &str = "https://sp.example.test/slo";
const IDP_SLO: &str = "https://idp.example.test/slo";

/// One exchange of logout messages, after a login.
#[expect(missing_debug_implementations, reason = "it lives within a test")]
pub struct Logout<'a> {
    base: &'a Base,
    login: &'a Login,
    store: &'a WatchedStore,
    now: OffsetDateTime,
}

type Outcome = Result<(), &'static str>;

fn escape(value: &str, lower: bool) -> String {
    value
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else if lower {
                format!("%{byte:02x}")
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

impl<'a> Logout<'a> {
    /// After this login.
    #[must_use]
    pub const fn new(
        base: &'a Base,
        login: &'a Login,
        store: &'a WatchedStore,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            base,
            login,
            store,
            now,
        }
    }

    fn sp(&self) -> ServiceProvider {
        ServiceProvider::builder(&self.base.sp_entity_id, &self.base.acs_url)
            .slo_url(SLO)
            .signing_key(key("sp"))
            .build()
            .expect("a service provider")
    }

    fn sp_with_key(&self) -> ServiceProvider {
        ServiceProvider::builder(&self.base.sp_entity_id, &self.base.acs_url)
            .slo_url(SLO)
            .signing_key(key("sp"))
            .decryption_key(crate::encrypted::decryption_key("sp"))
            .build()
            .expect("a service provider")
    }

    fn idp_key(&self) -> SigningKey {
        let idp = self.base.idp.key();
        let certificate = Certificate::from_der(idp.certificate_der()).expect("a certificate");
        SigningKey::from_pkcs8_pem(idp.private_key_pem())
            .and_then(|key| key.with_certificate(&certificate))
            .expect("a key")
    }

    fn connection(&self, words: &[&str]) -> Connection {
        let idp = &self.base.idp;
        let resolved: IdentityProvider = if words.contains(&"fingerprint") {
            let digits: String = idp.key().fingerprint().iter().map(|b| format!("{b:02x}")).collect();
            IdpSource::fingerprint(idp.entity_id(), idp.sso_url(), Some(IDP_SLO), &digits)
        } else {
            let slo = ["Redirect", "POST"].map(|binding| {
                format!(
                    "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}\" Location=\"{IDP_SLO}\"/>"
                )
            });
            let xml = idp.metadata_xml();
            let at = xml.find("<md:NameIDFormat").or_else(|| xml.find("<md:SingleSignOnService"));
            let (head, tail) = xml.split_at(at.expect("an endpoint"));
            Ok(IdpSource::MetadataXml {
                xml: format!("{head}{}{tail}", slo.concat()),
                entity_id: None,
            })
        }
        .and_then(|source| source.resolve(self.now))
        .expect("an identity provider");
        let connection = Connection::new(self.login.connection().clone(), resolved);
        if words.contains(&"pinned") || words.contains(&"pinned_of_another") {
            let certificate = if words.contains(&"pinned") {
                encode_base64(self.base.idp.key().certificate_der())
            } else {
                encode_base64(
                    key("rogue")
                        .verifying_key()
                        .certificate()
                        .expect("one")
                        .der(),
                )
            };
            let json = serde_json::Value::String(certificate);
            connection.pinned_certificate(serde_json::from_value(json).expect("a certificate"))
        } else {
            connection
        }
    }

    /// A message of the identity provider, as its words say, and how it travels.
    fn deliver(
        &self,
        root: &str,
        id: &str,
        extra: &str,
        content: &str,
        words: &[&str],
    ) -> Delivered {
        let has = |word: &str| words.contains(&word);
        let issued = if has("from_the_future") {
            self.now + Duration::hours(1)
        } else if has("old") {
            self.now - Duration::hours(1)
        } else {
            self.now
        };
        let destination = if has("other_destination") {
            " Destination=\"https://other.example.test/slo\"".to_owned()
        } else if has("no_destination") {
            String::new()
        } else {
            format!(" Destination=\"{SLO}\"")
        };
        let issuer = if has("other_issuer") {
            "https://other.example.test"
        } else {
            self.base.idp.entity_id()
        };
        let version = if has("version_1") { "1.1" } else { "2.0" };
        let root = if has("other_root") {
            "ArtifactResolve"
        } else {
            root
        };
        let mut xml = format!(
            "<samlp:{root} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"{version}\" \
             IssueInstant=\"{}\"{destination}{extra}><saml:Issuer>{issuer}</saml:Issuer>{content}</samlp:{root}>",
            format_date_time(issued)
        );
        let signer = if has("rogue") {
            key("rogue")
        } else {
            self.idp_key()
        };
        let (parameter, other) = if root == "LogoutResponse" {
            ("SAMLResponse", "SAMLRequest")
        } else {
            ("SAMLRequest", "SAMLResponse")
        };
        let enveloped = !has("unsigned") && (has("post") || has("embedded"));
        if enveloped {
            xml = sign_enveloped(&xml, id, &signer, &SignOptions::default()).expect("signed");
        }
        if has("post") {
            let mut form = format!(
                "{parameter}={}",
                escape(&encode_base64(xml.as_bytes()), false)
            );
            if has("twice") {
                form = format!("{form}&{form}");
            }
            return Delivered::Post(form);
        }
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(xml.as_bytes()).expect("compressed");
        let mut compressed = deflate.finish().expect("compressed");
        if has("trailing") {
            compressed.push(0);
        }
        let lower = has("lower_case_escapes");
        let value = escape(&encode_base64(&compressed), lower);
        let algorithm = escape(signer.algorithm().uri(), lower);
        let octets = format!("{parameter}={value}&RelayState=r%20s&SigAlg={algorithm}");
        let signature = signer.sign(octets.as_bytes()).expect("signed");
        let signature = escape(&encode_base64(&signature), lower);
        let relay_state = if has("other_relay_state") {
            "RelayState=other"
        } else {
            "RelayState=r%20s"
        };
        let mut query = if has("unsigned") {
            format!("{parameter}={value}&{relay_state}")
        } else if has("any_order") {
            format!(
                "Signature={signature}&SigAlg={algorithm}&x=1&{relay_state}&{parameter}={value}"
            )
        } else if has("no_algorithm") {
            format!("{parameter}={value}&{relay_state}&Signature={signature}")
        } else {
            format!("{parameter}={value}&{relay_state}&SigAlg={algorithm}&Signature={signature}")
        };
        if has("twice") {
            query = format!("{query}&{parameter}={value}");
        }
        if has("both") {
            query = format!("{query}&{other}={value}");
        }
        if has("disguised") {
            query = format!("{query}&%53AMLRequest={value}");
        }
        if has("gzip") {
            query.push_str("&SAMLEncoding=urn%3Agzip");
        }
        Delivered::Redirect(query)
    }

    /// The identity provider asks for a logout.
    ///
    /// # Errors
    /// The reason code.
    pub fn request(&self, argument: &str) -> Outcome {
        let words: Vec<&str> = argument.split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        let subject = LogoutSubject::of(self.login).expect("a NameID");
        let name_id = subject.name_id();
        let attribute = |name: &str, value: Option<&str>| {
            value.map_or_else(String::new, |value| format!(" {name}=\"{value}\""))
        };
        let name = format!(
            "<saml:NameID{}{}{}>{}</saml:NameID>",
            attribute("NameQualifier", name_id.name_qualifier()),
            attribute("SPNameQualifier", name_id.sp_name_qualifier()),
            attribute("Format", name_id.format()),
            name_id.value()
        );
        let content = if has("no_name_id") {
            String::new()
        } else if has("encrypted_id") {
            if has("with_our_key") {
                let how = sso_testkit::encrypt::Encryption::default();
                let spki = key("sp").verifying_key().to_spki_der();
                sso_testkit::encrypt::encrypted_element("EncryptedID", &name, &spki, &how)
            } else {
                "<saml:EncryptedID/>".to_owned()
            }
        } else if has("two_name_ids") {
            format!("{name}{name}")
        } else {
            name
        };
        let content = match subject.session_indexes().first() {
            Some(index) if has("session") => {
                format!("{content}<samlp:SessionIndex>{index}</samlp:SessionIndex>")
            }
            _ => content,
        };
        let extra = if has("expired") {
            let end = format_date_time(self.now - Duration::minutes(10));
            format!(" NotOnOrAfter=\"{end}\"")
        } else {
            String::new()
        };
        let message = self.deliver("LogoutRequest", "_logout-1", &extra, &content, &words);
        let sp = if has("with_our_key") {
            self.sp_with_key()
        } else {
            self.sp()
        };
        let connection = self.connection(&words);
        let received = sp
            .receive_logout(message.as_message())
            .map_err(|e| e.code())?;
        assert!(received.issuer().is_some());
        if has("as_response") {
            let pending = pending(&sp, &connection, self.login, self.now);
            return sp
                .validate_logout_response(&received, &connection, &pending, self.now)
                .map(drop)
                .map_err(|error| error.code());
        }
        let validated = sp
            .validate_logout_request(&received, &connection, self.now)
            .map_err(|error| error.code())?;
        let request = block_on(validated.accept(self.store, self.now)).map_err(|e| e.code())?;
        assert!(request.covers(&subject), "the login's own session");
        let answer = sp.answer_logout(
            &connection,
            &request,
            LogoutStatus::Success,
            self.now,
            &OsRandom::new(),
        );
        let Ok(Outbound::Redirect(url)) = answer else {
            panic!("the identity provider offers Redirect");
        };
        assert!(
            url.as_str()
                .starts_with(&format!("{IDP_SLO}?SAMLResponse="))
        );
        Ok(())
    }

    /// The identity provider answers a logout that was started here.
    ///
    /// # Errors
    /// The reason code.
    pub fn response(&self, argument: &str) -> Outcome {
        let words: Vec<&str> = argument.split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        let sp = self.sp();
        let connection = self.connection(&words);
        let pending = pending(&sp, &connection, self.login, self.now);
        let answered = if has("other_request") {
            "_other"
        } else {
            pending.id().as_str()
        };
        let extra = format!(" InResponseTo=\"{answered}\"");
        let status = |outer: &str, inner: &str| {
            let uri = "urn:oasis:names:tc:SAML:2.0:status:";
            format!(
                "<samlp:Status><samlp:StatusCode Value=\"{uri}{outer}\">{inner}</samlp:StatusCode></samlp:Status>"
            )
        };
        let partial =
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>";
        let content = if has("partial") {
            status("Success", partial)
        } else if has("failed") {
            status("Responder", "")
        } else if has("no_status") {
            String::new()
        } else {
            status("Success", "")
        };
        let late = if has("late") {
            Duration::minutes(20)
        } else {
            Duration::ZERO
        };
        let then = Self {
            now: self.now + late,
            ..Self::new(self.base, self.login, self.store, self.now)
        };
        let message = then.deliver("LogoutResponse", "_answer-1", &extra, &content, &words);
        let received = sp
            .receive_logout(message.as_message())
            .map_err(|e| e.code())?;
        let connection = if has("at_another_connection") {
            let idp = connection.identity_provider().clone();
            Connection::new(ConnectionId::new("other").expect("an id"), idp)
        } else {
            connection
        };
        let outcome = sp
            .validate_logout_response(&received, &connection, &pending, then.now)
            .map_err(|error| error.code())?;
        let expected = match &outcome {
            LogoutOutcome::Complete => !has("partial") && !has("failed"),
            LogoutOutcome::Partial => has("partial"),
            LogoutOutcome::Failed(status) => has("failed") && status.short_code() == "Responder",
            _ => false,
        };
        assert!(expected, "{outcome:?}");
        Ok(())
    }
}

fn pending(
    sp: &ServiceProvider,
    connection: &Connection,
    login: &Login,
    now: OffsetDateTime,
) -> PendingLogout {
    let subject = LogoutSubject::of(login).expect("a NameID");
    let started = sp.start_logout(connection, &subject, now, &OsRandom::new());
    match started.expect("a logout starts") {
        StartedLogout::Sent(sent) => sent.1,
        _ => panic!("the identity provider has a logout service"),
    }
}

enum Delivered {
    Redirect(String),
    Post(String),
}

impl Delivered {
    fn as_message(&self) -> LogoutMessage<'_> {
        match self {
            Self::Redirect(query) => LogoutMessage::Redirect(query),
            Self::Post(body) => LogoutMessage::Post(body.as_bytes()),
        }
    }
}
