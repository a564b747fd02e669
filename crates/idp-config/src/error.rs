use std::fmt;

use saml_xml::{Side, TextPos, XmlError};

saml_xml::reason_codes! {
    /// Why an identity provider cannot be configured.
    pub enum ConfigErrorKind {
        /// A metadata URL was resolved before its document was fetched.
        MetadataUrlNotFetched => {
            code: "config.metadata_url_not_fetched",
            side: Us,
            cite: "SAML Metadata §4.1",
            hint: "Fetch the metadata document first and hand its bytes over, or configure the metadata XML itself.",
        },
        /// The metadata have to be signed, and are not.
        SignatureMissing => {
            code: "metadata.signature_missing",
            side: Idp,
            cite: "SAML Metadata §3; SAML2Int SDP-MD02",
            hint: "Use the URL of the signed document, or do not ask for a signature.",
        },
        /// The signature of the metadata does not verify with the configured key.
        SignatureInvalid => {
            code: "metadata.signature_invalid",
            side: Attacker,
            cite: "SAML Metadata §3; SAML2Int SDP-MD02",
            hint: "Compare the configured certificate with the one that the federation or identity provider publishes; if it is right, the document was changed on its way.",
        },
        /// An entity ID is empty, only white space, longer than 1024 characters, or holds control characters.
        EntityIdMalformed => {
            code: "config.entity_id_malformed",
            side: User,
            cite: "SAML Core §8.3.6; SAML Metadata §2.2.1",
            hint: "Copy the entity ID (also called issuer) exactly as the identity provider shows it.",
        },
        /// A URL is not absolute, holds white space or credentials, or has no host.
        UrlMalformed => {
            code: "config.url_malformed",
            side: User,
            cite: "SAML Metadata §2.2.2; RFC 3986 §4.3",
            hint: "Give the whole URL, starting with https://, without user name, password or spaces.",
        },
        /// A URL has a scheme that a browser must not be sent to.
        UrlScheme => {
            code: "config.url_scheme",
            side: Attacker,
            cite: "SAML Metadata §2.2.2; SAML Bindings §3.4.5.1",
            hint: "Only https:// URLs are accepted for signing in and out; ask the identity provider for one.",
        },
        /// A URL is plain http on a host other than this machine.
        UrlPlainHttp => {
            code: "config.url_plain_http",
            side: Idp,
            cite: "SAML Bindings §3.4.5.1",
            hint: "Use the https:// URL of the identity provider; plain http is accepted for localhost only.",
        },
        /// A SHA-1 fingerprint was given.
        FingerprintSha1 => {
            code: "config.fingerprint_sha1",
            side: User,
            cite: "NIST SP 800-131A Rev. 2 §9",
            hint: "This is a SHA-1 fingerprint; run `openssl x509 -in idp.crt -noout -sha256 -fingerprint` and paste what it prints.",
        },
        /// A certificate was given where its fingerprint belongs.
        FingerprintIsCertificate => {
            code: "config.fingerprint_is_certificate",
            side: User,
            cite: "RFC 7468 §5.1",
            hint: "This is the certificate itself; save it as idp.crt, run `openssl x509 -in idp.crt -noout -sha256 -fingerprint` and paste what it prints.",
        },
        /// A fingerprint is not 32 bytes in hexadecimal.
        FingerprintMalformed => {
            code: "config.fingerprint_malformed",
            side: User,
            cite: "FIPS 180-4 §1",
            hint: "A SHA-256 fingerprint is 64 hexadecimal digits; run `openssl x509 -in idp.crt -noout -sha256 -fingerprint` and paste what it prints.",
        },
        /// The metadata document has no content.
        Empty => {
            code: "metadata.empty",
            side: User,
            cite: "SAML Metadata §2.3",
            hint: "The file or the field is empty; export the metadata from the identity provider again.",
        },
        /// The metadata document is a web page.
        Html => {
            code: "metadata.html",
            side: User,
            cite: "SAML Metadata §2.3",
            hint: "This is a web page, often the sign-in page of the identity provider; open the metadata link while signed in and save the XML, or use its export button.",
        },
        /// A URL was given where the metadata document belongs.
        IsUrl => {
            code: "metadata.is_url",
            side: User,
            cite: "SAML Metadata §2.3",
            hint: "This is the address of the metadata, not the metadata; open it and paste the XML.",
        },
        /// A certificate was given where the metadata document belongs.
        IsCertificate => {
            code: "metadata.is_certificate",
            side: User,
            cite: "SAML Metadata §2.3; RFC 7468 §5.1",
            hint: "This is only the certificate; export the metadata XML, or configure the fingerprint with entity ID and sign-in URL.",
        },
        /// The metadata document is larger than is read.
        TooLarge => {
            code: "metadata.too_large",
            side: User,
            cite: "SAML Metadata §2.3.1",
            hint: "Export the metadata of the one identity provider, not of a whole federation.",
        },
        /// The metadata document is not the strict XML that SAML needs.
        NotWellFormed => {
            code: "metadata.not_well_formed",
            side: User,
            cite: "XML 1.0 §2.1; Namespaces in XML 1.0 §7",
            hint: "The XML is damaged or incomplete at the place given; export it again and paste the whole file unchanged.",
        },
        /// The root element is neither EntityDescriptor nor EntitiesDescriptor.
        WrongRoot => {
            code: "metadata.wrong_root",
            side: User,
            cite: "SAML Metadata §2.3",
            hint: "This is XML but not SAML metadata; the right file starts with EntityDescriptor or EntitiesDescriptor.",
        },
        /// An EntityDescriptor has no entityID.
        EntityIdMissing => {
            code: "metadata.entity_id_missing",
            side: Idp,
            cite: "SAML Metadata §2.3.2",
            hint: "Set the entity ID in the identity provider's settings and export the metadata again.",
        },
        /// The document holds several entities and none was named.
        EntityIdNeeded => {
            code: "metadata.entity_id_needed",
            side: User,
            cite: "SAML Metadata §2.3.1",
            hint: "The file lists a group of entities; also give the entity ID of the identity provider that is meant.",
        },
        /// The named entity is not in the document.
        EntityIdNotFound => {
            code: "metadata.entity_id_not_found",
            side: User,
            cite: "SAML Metadata §2.3.1",
            hint: "Compare the entity ID with those in the file, character by character; case, slashes and spaces count.",
        },
        /// The named entity is in the document more than once.
        EntityIdDuplicate => {
            code: "metadata.entity_id_duplicate",
            side: Idp,
            cite: "SAML Metadata §2.3.2",
            hint: "An entity ID must be unique in a document; ask whoever publishes it to remove the second one.",
        },
        /// The document describes another entity than the one named.
        EntityIdMismatch => {
            code: "metadata.entity_id_mismatch",
            side: User,
            cite: "SAML Metadata §2.3.2",
            hint: "This is the metadata of another identity provider, or its entity ID was changed; check both.",
        },
        /// Groups of entities are nested deeper than is followed.
        NestedTooDeep => {
            code: "metadata.nested_too_deep",
            side: Attacker,
            cite: "SAML Metadata §2.3.1",
            hint: "Export the metadata of the one identity provider, not of a federation of federations.",
        },
        /// The entity is a service provider.
        ServiceProviderOnly => {
            code: "metadata.service_provider_only",
            side: User,
            cite: "SAML Metadata §2.4.3",
            hint: "This is the metadata of a service provider, perhaps our own; export the identity provider's.",
        },
        /// The entity is no identity provider.
        NoIdpRole => {
            code: "metadata.no_idp_role",
            side: User,
            cite: "SAML Metadata §2.4.3",
            hint: "The file has no IDPSSODescriptor; export the SAML identity provider metadata.",
        },
        /// The identity provider does not speak SAML 2.0.
        ProtocolUnsupported => {
            code: "metadata.protocol_unsupported",
            side: Idp,
            cite: "SAML Metadata §2.4.1",
            hint: "Turn on SAML 2.0 at the identity provider; this metadata announces other protocols only.",
        },
        /// The entity has more than one SAML 2.0 IDPSSODescriptor.
        SeveralIdpRoles => {
            code: "metadata.several_idp_roles",
            side: Idp,
            cite: "SAML Metadata §2.3.2",
            hint: "It is not clear which of the roles is meant; ask the identity provider for metadata with one IDPSSODescriptor.",
        },
        /// The time the metadata is valid until has passed.
        Expired => {
            code: "metadata.expired",
            side: Idp,
            cite: "SAML Metadata §2.3.1, §2.3.2, §2.4.1",
            hint: "Export the metadata again; if the new file is expired too, the identity provider must renew it.",
        },
        /// An aggregate does not say until when it is valid.
        ValidUntilMissing => {
            code: "metadata.valid_until_missing",
            side: Idp,
            cite: "SAML2Int SDP-MD03; FedInterop IIP-MD04",
            hint: "Without validUntil, an old copy could be replayed for ever; use the federation's aggregate that has one.",
        },
        /// An aggregate says that it is valid for longer than is accepted.
        ValidUntilTooFar => {
            code: "metadata.valid_until_too_far",
            side: Idp,
            cite: "SAML2Int SDP-MD03; FedInterop IIP-MD04",
            hint: "Federations publish for two weeks or so; if this one really publishes for longer, raise the limit to what it states.",
        },
        /// One entity of an aggregate, or their number, is beyond what is read.
        AggregateLimit => {
            code: "metadata.aggregate_limit",
            side: Attacker,
            cite: "SAML Metadata §2.3.1; design rule 9 (budgets)",
            hint: "No federation has an entity of megabytes, or hundreds of thousands of entities; treat the document as hostile.",
        },
        /// validUntil is not a dateTime.
        ValidUntilMalformed => {
            code: "metadata.valid_until_malformed",
            side: Idp,
            cite: "SAML Metadata §2.3.2; SAML Core §1.3.3",
            hint: "validUntil must be a UTC time such as 2026-11-23T17:20:30Z.",
        },
        /// cacheDuration is not a duration, or a negative one.
        CacheDurationMalformed => {
            code: "metadata.cache_duration_malformed",
            side: Idp,
            cite: "SAML Metadata §2.3.2; XML Schema Part 2 §3.2.6",
            hint: "cacheDuration must be a duration such as PT6H or P1D.",
        },
        /// WantAuthnRequestsSigned is not a boolean.
        WantAuthnRequestsSignedMalformed => {
            code: "metadata.want_authn_requests_signed_malformed",
            side: Idp,
            cite: "SAML Metadata §2.4.3; XML Schema Part 2 §3.2.2",
            hint: "WantAuthnRequestsSigned must be true or false.",
        },
        /// There is no key to verify signatures with.
        NoSigningKey => {
            code: "metadata.no_signing_key",
            side: Idp,
            cite: "SAML Metadata §2.4.1.1; SAML Profiles §4.1.3.5",
            hint: "The metadata must hold a signing certificate; create one at the identity provider and export again.",
        },
        /// A KeyDescriptor's use is neither signing nor encryption.
        KeyUseUnknown => {
            code: "metadata.key_use_unknown",
            side: Idp,
            cite: "SAML Metadata §2.4.1.1",
            hint: "The use of a KeyDescriptor must be signing, encryption, or absent.",
        },
        /// A certificate cannot be read.
        CertificateMalformed => {
            code: "metadata.certificate_malformed",
            side: Idp,
            cite: "XML Signature §4.5.4; RFC 5280 §4.1",
            hint: "An X509Certificate must be the base64 of one certificate; export the metadata again and paste it unchanged.",
        },
        /// A KeyValue cannot be read.
        KeyValueMalformed => {
            code: "metadata.key_value_malformed",
            side: Idp,
            cite: "XML Signature §4.5.2.2",
            hint: "An RSAKeyValue needs one Modulus and one Exponent in base64; export the metadata again or use a certificate.",
        },
        /// A signing certificate has expired or is not valid yet, and the policy asks for current ones.
        CertificateNotCurrent => {
            code: "metadata.certificate_not_current",
            side: Idp,
            cite: "SAML FedInterop IIP-MD12 (deviation on request)",
            hint: "Renew the signing certificate at the identity provider, or trust the key whatever its certificate's dates.",
        },
        /// A signing key is too short to be safe.
        KeyTooWeak => {
            code: "metadata.key_too_weak",
            side: Idp,
            cite: "SAML2Int SDP-MD06; NIST SP 800-131A Rev. 2 §3",
            hint: "Create a signing certificate with an RSA key of 2048 bits or more at the identity provider.",
        },
        /// A signing key is of another kind than RSA, P-256 or P-384, or RSA far outside 2048 to 8192 bits.
        KeyUnsupported => {
            code: "metadata.key_unsupported",
            side: Idp,
            cite: "SAML2Int SDP-MD06, SDP-MD07",
            hint: "Use an RSA key of 2048 to 8192 bits, or an elliptic curve key on P-256 or P-384, for signing at the identity provider.",
        },
        /// There are more signing keys than are tried.
        TooManyKeys => {
            code: "metadata.too_many_keys",
            side: Attacker,
            cite: "SAML Metadata §2.4.1.1",
            hint: "Remove the signing certificates that are no longer used at the identity provider.",
        },
        /// There is no sign-in endpoint that can be used.
        NoSsoEndpoint => {
            code: "metadata.no_sso_endpoint",
            side: Idp,
            cite: "SAML Metadata §2.4.3; SAML Profiles §4.1.3.3",
            hint: "The metadata needs a SingleSignOnService with the binding HTTP-Redirect or HTTP-POST.",
        },
        /// An endpoint lacks its Binding or its Location.
        EndpointIncomplete => {
            code: "metadata.endpoint_incomplete",
            side: Idp,
            cite: "SAML Metadata §2.2.2",
            hint: "Every endpoint needs a Binding and a Location; export the metadata again.",
        },
    }
}

/// Why an identity provider cannot be configured, with what was found and where.
///
/// `Display` is for administrators. It quotes short pieces of what was typed or pasted (entity
/// IDs, URLs, element names), escaped; never key material.
#[derive(Clone)]
pub struct ConfigError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ConfigErrorKind,
    expected: Option<String>,
    actual: Option<String>,
    at: Option<TextPos>,
    xml: Option<XmlError>,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            expected: None,
            actual: None,
            at: None,
            xml: None,
        }))
    }

    pub(crate) fn xml(error: XmlError) -> Self {
        let mut this = Self::new(ConfigErrorKind::NotWellFormed);
        this.0.actual = Some(error.to_string());
        this.0.at = Some(error.at());
        this.0.xml = Some(error);
        this
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub(crate) fn actual(mut self, actual: impl Into<String>) -> Self {
        self.0.actual = Some(actual.into());
        self
    }

    pub(crate) fn at(mut self, at: TextPos) -> Self {
        self.0.at.get_or_insert(at);
        self
    }

    /// Moves the place from a part of a document to the whole of it.
    pub(crate) fn moved(mut self, place: impl FnOnce(TextPos) -> TextPos) -> Self {
        self.0.at = self.0.at.map(place);
        self
    }

    /// The rule that was broken.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.0.kind
    }

    /// The stable code of the rule, such as `metadata.expired`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// Who can mend it.
    #[must_use]
    pub fn side(&self) -> Side {
        self.0.kind.side()
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.0.kind.hint()
    }

    /// What the rule asks for, where that helps.
    #[must_use]
    pub fn expected_value(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was found instead, shortened and escaped.
    #[must_use]
    pub fn actual_value(&self) -> Option<&str> {
        self.0.actual.as_deref()
    }

    /// Where in the metadata document.
    #[must_use]
    pub fn position(&self) -> Option<TextPos> {
        self.0.at
    }

    /// The parser's error behind [`ConfigErrorKind::NotWellFormed`], with a code of its own.
    #[must_use]
    pub fn xml_error(&self) -> Option<&XmlError> {
        self.0.xml.as_ref()
    }
}

impl From<ConfigErrorKind> for ConfigError {
    fn from(kind: ConfigErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            expected,
            actual,
            at,
            ..
        } = &*self.0;
        f.write_str(kind.code())?;
        if let Some(at) = at {
            write!(f, " at line {}, column {}", at.line, at.column)?;
        }
        match (expected, actual) {
            (Some(expected), Some(actual)) => write!(f, ": expected {expected}, found {actual}")?,
            (Some(expected), None) => write!(f, ": expected {expected}")?,
            (None, Some(actual)) => write!(f, ": {actual}")?,
            (None, None) => {}
        }
        write!(f, ". {}", kind.hint())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            expected,
            actual,
            at,
            ..
        } = &*self.0;
        f.debug_struct("ConfigError")
            .field("code", &kind.code())
            .field("expected", expected)
            .field("actual", actual)
            .field("at", at)
            .finish()
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .xml
            .as_ref()
            .map(|error| error as &(dyn std::error::Error + 'static))
    }
}

/// A short, quoted, escaped piece of `text` for a person to recognise it by.
///
/// 120 characters show any entity ID and URL seen in the field, and keep a log line a line.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 120;
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}…", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
