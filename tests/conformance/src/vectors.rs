//! The catalogue as files: what xtask writes, and how it is replayed.
//!
//! A file's name is its expectation: `<code>__<row>_<variant>`. What a file name cannot hold (the exchange it
//! belongs to, a connection's settings, the NameID it yields) stands in `context.json` beside the folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use idp_config::IdpSource;
use saml_sp::{AcsForm, PendingLogin};
use serde::{Deserialize, Serialize};
use sso_testkit::catalogue::{Base, Case, Message, Setting, catalogue};
use sso_testkit::{IdpKey, KeyKind, Signs, TestRandom};
use time::OffsetDateTime;

use crate::{Exchange, connection, service_provider};

/// Bytes of a vector. Larger messages are made when the catalogue runs, and not committed.
const MAX_VECTOR: usize = 32 * 1024;

/// Where the vectors are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// The exchange that all vectors belong to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The service provider.
    pub sp_entity_id: String,
    /// Its ACS.
    pub acs_url: String,
    /// When the answers arrive.
    pub at: String,
    /// The `ID` of the request.
    pub request_id: String,
    /// The NameID of an accepted message, unless its file says otherwise.
    pub name_id: String,
    /// The IdP's issuer.
    pub idp_entity_id: String,
    /// The IdP's endpoint.
    pub idp_sso_url: String,
    /// Metadata of the IdP and its certificate's fingerprint, by the kind of key it signs with.
    pub idp: BTreeMap<String, Idp>,
    /// The pending login by what the request asked for.
    pub pending: BTreeMap<String, PendingLogin>,
    /// Files that need another setting or yield another NameID.
    pub files: BTreeMap<String, FileContext>,
}

/// What is trusted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idp {
    /// A file beside `context.json`.
    pub metadata: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub fingerprint: String,
}

/// How one file differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileContext {
    /// The kind of key; RSA-2048 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Trust by fingerprint.
    #[serde(skip_serializing_if = "is_false")]
    pub fingerprint: bool,
    /// What has to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed: Option<String>,
    /// The connection takes unsolicited answers.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_unsolicited: bool,
    /// Nobody asked for this one.
    #[serde(skip_serializing_if = "is_false")]
    pub unsolicited: bool,
    /// What the request asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// The NameID it yields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_id: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

const PLAIN: &str = "plain";
const DEFAULT_KEY: &str = "rsa2048";
const KINDS: [(&str, KeyKind); 5] = [
    (DEFAULT_KEY, KeyKind::Rsa2048),
    ("rsa1024", KeyKind::Rsa1024),
    ("rsa_e3", KeyKind::RsaE3),
    ("ec_p256", KeyKind::EcP256),
    ("ec_p384", KeyKind::EcP384),
];
/// Keys that are kept, so that vectors come out the same: kind, index in the pool, file.
const KEPT: [(KeyKind, usize, &str); 5] = [
    (KeyKind::Rsa2048, 0, "idp"),
    (KeyKind::Rsa2048, 1, "rogue"),
    (KeyKind::Rsa2048, 2, "sp"),
    (KeyKind::EcP256, 0, "idp_ec_p256"),
    (KeyKind::EcP384, 0, "idp_ec_p384"),
];
const REQUIRED: [(&str, Signs); 3] = [
    ("response", Signs::Response),
    ("assertion", Signs::Assertion),
    ("both", Signs::Both),
];

fn kind_name(kind: KeyKind) -> &'static str {
    KINDS
        .iter()
        .find(|(_, known)| *known == kind)
        .map_or(DEFAULT_KEY, |(name, _)| name)
}

fn pending_name(setting: &Setting) -> &'static str {
    match (
        setting.force_authn,
        setting.name_id_policy,
        setting.authn_context,
    ) {
        (true, ..) => "force_authn",
        (_, true, _) => "name_id_policy",
        (_, _, true) => "authn_context",
        _ => PLAIN,
    }
}

fn file_context(case: &Case) -> FileContext {
    let setting = &case.setting;
    FileContext {
        key: setting.key.map(|kind| kind_name(kind).to_owned()),
        fingerprint: setting.fingerprint,
        require_signed: setting.require.and_then(|signs| {
            REQUIRED
                .iter()
                .find(|(_, known)| *known == signs)
                .map(|(name, _)| (*name).to_owned())
        }),
        allow_unsolicited: setting.allow_unsolicited,
        unsolicited: setting.unsolicited,
        pending: Some(pending_name(setting))
            .filter(|name| *name != PLAIN)
            .map(str::to_owned),
        name_id: case.name_id.clone(),
    }
}

/// The cases that become files: of each row and variant one shape, the catalogue runs the others.
fn chosen() -> Vec<Case> {
    let mut seen = BTreeSet::new();
    catalogue()
        .into_iter()
        .filter(|case| {
            let variant = case
                .variant
                .rsplit_once('.')
                .map_or(case.variant.as_str(), |(variant, _)| variant);
            seen.insert(format!("{}{}{variant}", case.code, case.row))
        })
        .collect()
}

/// Documents for the parser alone: the shortest that breaks each rule.
pub const XML: &[(&str, &[u8])] = &[
    ("accepted__plain", b"<a/>"),
    ("accepted__declaration", b"<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<a b='c'>&lt;&#65;<!-- x --><![CDATA[<]]></a>"),
    ("accepted__mark", b"\xef\xbb\xbf<a/>"),
    ("accepted__namespaces", b"<a xmlns='urn:a' xmlns:b='urn:b'><b:c b:d='1' d='1' xmlns=''/></a>"),
    ("xml.empty__nothing", b""),
    ("xml.empty__white_space", b" \n"),
    ("xml.encoding__latin_1", b"<a>\xe9</a>"),
    ("xml.encoding__utf_16", b"\xff\xfe<\0a\0/\0>\0"),
    ("xml.encoding__overlong", b"<a>\xc0\x80</a>"),
    ("xml.encoding__surrogate", b"<a>\xed\xa0\x80</a>"),
    ("xml.encoding_declaration__latin_1", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"),
    ("xml.declaration__version_1_1", b"<?xml version=\"1.1\"?><a/>"),
    ("xml.doctype__internal", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"),
    ("xml.doctype__bare", b"<!DOCTYPE a><a/>"),
    ("xml.processing_instruction__inside", b"<a><?b c?></a>"),
    ("xml.processing_instruction__before", b"<?b?><a/>"),
    ("xml.character__nul", b"<a>\0</a>"),
    ("xml.character__escape", b"<a>\x1b</a>"),
    ("xml.character__fffe", b"<a>\xef\xbf\xbe</a>"),
    ("xml.character_reference__nul", b"<a>&#0;</a>"),
    ("xml.character_reference__surrogate", b"<a>&#xDFFF;</a>"),
    ("xml.undefined_entity__nbsp", b"<a>&nbsp;</a>"),
    ("xml.syntax__no_quotes", b"<a b=c/>"),
    ("xml.syntax__no_space", b"<a b='c'd='e'/>"),
    ("xml.comment__double_hyphen", b"<a><!-- -- --></a>"),
    ("xml.unexpected_end__in_element", b"<a><b>"),
    ("xml.unexpected_end__in_comment", b"<a><!--"),
    ("xml.mismatched_tag__other_name", b"<a><b></a></b>"),
    ("xml.mismatched_tag__other_prefix", b"<a:c xmlns:a='urn:x' xmlns:b='urn:x'></b:c>"),
    ("xml.multiple_roots__two", b"<a/><b/>"),
    ("xml.content_outside_root__after", b"<a/>b"),
    ("xml.content_outside_root__before", b"b<a/>"),
    ("xml.cdata_end_in_text__plain", b"<a>]]></a>"),
    ("xml.less_than_in_attribute__plain", b"<a b='<'/>"),
    ("xml.name__two_colons", b"<a:b:c xmlns:a='urn:a'/>"),
    ("xml.name__digit", b"<1/>"),
    ("xml.duplicate_attribute__same_name", b"<a b='1' b='2'/>"),
    ("xml.duplicate_attribute__same_namespace", b"<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='1' y:b='2'/>"),
    ("xml.unbound_prefix__element", b"<b:a/>"),
    ("xml.unbound_prefix__attribute", b"<a b:c='1'/>"),
    ("xml.reserved_prefix__xml", b"<a xmlns:xml='urn:x'/>"),
    ("xml.reserved_prefix__xmlns", b"<a xmlns:xmlns='urn:x'/>"),
    ("xml.empty_namespace__undeclared", b"<a xmlns:b=''/>"),
    ("xml.relative_namespace__one", b"<a xmlns:b='1'/>"),
    ("xml.namespace_uri__control", b"<a xmlns:b='http://example.com&#x80;'/>"),
    ("xml.duplicate_id__same", b"<a ID='x'><b ID='x'/></a>"),
    ("xml.duplicate_id__other_spelling", b"<a ID='x'><b xml:id='x'/></a>"),
];

/// Writes everything anew, with the keys that are kept beside the vectors.
///
/// # Panics
/// When the folder cannot be written.
pub fn write(root: &Path) {
    keys(&root.join("keys"));
    let base = Base::example();
    let rng = || TestRandom::new(1);
    let mut pending = BTreeMap::new();
    let mut settings = [Setting::default(); 4];
    settings[1].force_authn = true;
    settings[2].name_id_policy = true;
    settings[3].authn_context = true;
    for setting in &settings {
        pending.insert(
            pending_name(setting).to_owned(),
            Exchange::start(&base, setting, &rng()).pending,
        );
    }
    let base = Exchange::start(&base, &settings[0], &rng()).base(&base);

    let mut idp = BTreeMap::new();
    for (name, kind) in KINDS {
        let fake = base.idp.clone().with_key(IdpKey::pooled(kind, 0));
        let metadata = format!("idp-metadata.{name}.xml");
        fs::write(root.join(&metadata), fake.metadata_xml()).expect("write metadata");
        let fingerprint = fake
            .key()
            .fingerprint()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        idp.insert(
            name.to_owned(),
            Idp {
                metadata,
                fingerprint,
            },
        );
    }

    for folder in ["response", "form", "xml"] {
        let _ = fs::remove_dir_all(root.join(folder));
        fs::create_dir_all(root.join(folder)).expect("make a folder");
    }
    let mut files = BTreeMap::new();
    for case in chosen() {
        let (path, octets) = match case.build(&base) {
            Message::Xml(xml) => (format!("response/{}.xml", case.name()), xml),
            Message::Form(form) => (format!("form/{}.txt", case.name()), form),
            _ => continue,
        };
        if octets.len() > MAX_VECTOR {
            continue;
        }
        fs::write(root.join(&path), octets).expect("write a vector");
        let context = file_context(&case);
        if context != FileContext::default() {
            files.insert(case.name(), context);
        }
    }
    for (name, octets) in XML {
        fs::write(root.join(format!("xml/{name}.xml")), octets).expect("write a vector");
    }
    let context = Context {
        sp_entity_id: base.sp_entity_id.clone(),
        acs_url: base.acs_url.clone(),
        at: base.at(0),
        request_id: base.request_id.clone(),
        name_id: base.user.name_id.clone(),
        idp_entity_id: base.idp.entity_id().to_owned(),
        idp_sso_url: base.idp.sso_url().to_owned(),
        idp,
        pending,
        files,
    };
    let text = serde_json::to_string_pretty(&context).expect("JSON");
    fs::write(root.join("context.json"), text + "\n").expect("write the context");
}

/// Loads the kept keys into the pool; makes those that are missing.
fn keys(folder: &Path) {
    fs::create_dir_all(folder).expect("make a folder");
    for (kind, index, name) in KEPT {
        let (private, public) = (
            folder.join(format!("{name}.key.pem")),
            folder.join(format!("{name}.crt.pem")),
        );
        if !private.exists() {
            let key = IdpKey::pooled(kind, index);
            fs::write(&private, key.private_key_pem()).expect("write a key");
            fs::write(&public, key.certificate_pem()).expect("write a certificate");
        }
        let read = |path: &Path| fs::read_to_string(path).expect("a kept key");
        IdpKey::from_pem(&read(&private), &read(&public))
            .expect("a kept key")
            .keep_in_pool(kind, index);
    }
}

/// Names of the files that [`write()`] would leave in `response` and `form`, without their endings.
///
/// # Panics
/// When a message cannot be made.
#[must_use]
pub fn expected_names() -> BTreeSet<String> {
    let base = Base::example();
    chosen()
        .into_iter()
        .filter(|case| match case.build(&base) {
            Message::Xml(octets) | Message::Form(octets) => octets.len() <= MAX_VECTOR,
            _ => false,
        })
        .map(|case| case.name())
        .collect()
}

/// One file and the code in its name.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "read by tests")]
pub struct Vector {
    /// Where it is.
    pub path: PathBuf,
    /// The name without its ending.
    pub name: String,
    /// What stands before the two underscores.
    pub code: String,
}

/// The vectors in a folder, sorted by name.
///
/// # Panics
/// When the folder cannot be read or a name has no code in it.
#[must_use]
pub fn list(folder: &Path) -> Vec<Vector> {
    let mut found: Vec<Vector> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned();
            let code = name
                .split_once("__")
                .unwrap_or_else(|| panic!("{name} has no code"))
                .0
                .to_owned();
            Vector { path, name, code }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

impl Context {
    /// Reads `context.json`.
    ///
    /// # Panics
    /// When it is not there or not JSON of this shape.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join("context.json")).expect("context.json");
        serde_json::from_str(&text)
            .expect("context.json has another shape: run `cargo xtask vectors`")
    }

    /// The exchange that a file belongs to, and the NameID it yields when it is accepted.
    ///
    /// # Panics
    /// When the context does not fit together.
    #[must_use]
    pub fn exchange(&self, root: &Path, name: &str) -> (Exchange, String) {
        let file = self.files.get(name).cloned().unwrap_or_default();
        let now: OffsetDateTime = saml_xml::types::parse_date_time(&self.at).expect("a time");
        let idp = &self.idp[file.key.as_deref().unwrap_or(DEFAULT_KEY)];
        let source = if file.fingerprint {
            IdpSource::fingerprint(
                &self.idp_entity_id,
                &self.idp_sso_url,
                None,
                &idp.fingerprint,
            )
            .expect("a fingerprint")
        } else {
            let xml = fs::read_to_string(root.join(&idp.metadata)).expect("metadata");
            IdpSource::MetadataXml {
                xml,
                entity_id: None,
            }
        };
        let setting = Setting {
            allow_unsolicited: file.allow_unsolicited,
            require: file.require_signed.map(|wanted| {
                REQUIRED
                    .iter()
                    .find(|(name, _)| *name == wanted)
                    .expect("a known part")
                    .1
            }),
            ..Setting::default()
        };
        let connection = connection(source.resolve(now).expect("a trusted IdP"), &setting);
        let sp = service_provider(&self.sp_entity_id, &self.acs_url);
        let (outbound, _) = sp
            .start_login(
                &connection,
                &crate::options(&setting),
                now,
                &TestRandom::new(1),
            )
            .expect("a login starts");
        let pending = self.pending[file.pending.as_deref().unwrap_or(PLAIN)].clone();
        let exchange = Exchange {
            sp,
            connection,
            outbound,
            pending,
            unsolicited: file.unsolicited,
            now,
        };
        (
            exchange,
            file.name_id.unwrap_or_else(|| self.name_id.clone()),
        )
    }

    /// Replays one file; what is not as it should be.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn replay(&self, root: &Path, vector: &Vector) -> Vec<String> {
        let octets = fs::read(&vector.path).expect("a vector");
        let (exchange, name_id) = self.exchange(root, &vector.name);
        if vector
            .path
            .extension()
            .is_some_and(|ending| ending == "txt")
        {
            return crate::check(
                &exchange,
                &vector.name,
                &vector.code,
                AcsForm::urlencoded(&octets),
                &name_id,
            );
        }
        let value = saml_xml::types::encode_base64(&octets);
        crate::check(
            &exchange,
            &vector.name,
            &vector.code,
            AcsForm::fields(&value, None),
            &name_id,
        )
    }
}

/// A key of `keys/`, with its certificate.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn signing_key(name: &str) -> saml_xml::SigningKey {
    let read = |end: &str| {
        fs::read_to_string(folder().join(format!("keys/{name}.{end}.pem"))).expect("a key file")
    };
    let certificate = saml_xml::Certificate::from_pem(&read("crt")).expect("a certificate");
    saml_xml::SigningKey::from_pkcs8_pem(&read("key"))
        .and_then(|key| key.with_certificate(&certificate))
        .expect("a key")
}
