//! What an administrator changes at an identity provider, and which reason code asks for it.

use core::fmt;

use serde::Serialize;

/// A setting that every identity provider has in some form, whatever its console calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Setting {
    /// Our entity ID: the audience of the assertion.
    SpEntityId,
    /// Our assertion consumer service URL.
    AcsUrl,
    /// `Recipient`, where it is a setting of its own.
    Recipient,
    /// `Destination`, where it is a setting of its own.
    Destination,
    /// The RelayState of logins that start at the identity provider.
    RelayState,
    /// Which property of the user becomes the NameID.
    NameId,
    /// The Format of the NameID.
    NameIdFormat,
    /// Whether the Response, the Assertion or both are signed.
    SignedPart,
    /// The signature and digest algorithm.
    SignatureAlgorithm,
    /// Whether assertions are encrypted, and with which certificate.
    Encryption,
    /// Which attributes are sent.
    Attributes,
    /// Whether there is an AuthnStatement.
    AuthnStatement,
    /// Who may use the application.
    Assignment,
    /// Logins that start at the identity provider.
    IdpInitiated,
    /// Whether it wants signed requests, and our certificate for that.
    RequestSignature,
    /// Single logout.
    SingleLogout,
    /// Its own entity ID, the issuer: to be copied to us.
    Issuer,
    /// Its sign-on URL: to be copied to us.
    SsoUrl,
    /// Its metadata or signing certificate: to be copied to us.
    Certificate,
}

impl Setting {
    /// What it is called where no console's word is known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SpEntityId => "SP entity ID (audience)",
            Self::AcsUrl => "assertion consumer service (ACS) URL",
            Self::Recipient => "recipient",
            Self::Destination => "destination",
            Self::RelayState => "default RelayState",
            Self::NameId => "user attribute that becomes the NameID",
            Self::NameIdFormat => "NameID format",
            Self::SignedPart => "choice of what is signed",
            Self::SignatureAlgorithm => "signature algorithm",
            Self::Encryption => "encryption of assertions",
            Self::Attributes => "attribute mapping",
            Self::AuthnStatement => "AuthnStatement",
            Self::Assignment => "list of users who may use the application",
            Self::IdpInitiated => "IdP-initiated login",
            Self::RequestSignature => "certificate for signed requests",
            Self::SingleLogout => "single logout URL",
            Self::Issuer => "IdP entity ID (issuer)",
            Self::SsoUrl => "sign-on URL",
            Self::Certificate => "metadata, or signing certificate",
        }
    }

    /// What belongs into it.
    #[must_use]
    pub const fn value(self) -> &'static str {
        match self {
            Self::SpEntityId => "the SP entity ID of this service provider, letter by letter",
            Self::AcsUrl | Self::Recipient | Self::Destination => {
                "the ACS URL of this service provider, letter by letter"
            }
            Self::RelayState => "nothing: leave it empty",
            Self::NameId => {
                "an identifier that every user has and keeps, such as the e-mail address"
            }
            Self::NameIdFormat => "e-mail address, persistent or unspecified",
            Self::SignedPart => "the assertion, the response, or both",
            Self::SignatureAlgorithm => "SHA-256",
            Self::Encryption => {
                "off, unless this service provider's encryption certificate is configured there"
            }
            Self::Attributes => "the attributes that the application asks for",
            Self::AuthnStatement => "on",
            Self::Assignment => "the users and groups who are to sign in",
            Self::IdpInitiated => "off, unless the connection allows unsolicited logins",
            Self::RequestSignature => "the signing certificate of this service provider",
            Self::SingleLogout => "the SLO URL of this service provider",
            Self::Issuer | Self::SsoUrl | Self::Certificate => {
                "nothing: copy it from there into the connection"
            }
        }
    }

    /// Whether it is read there and entered here, not the other way round.
    #[must_use]
    pub const fn is_copied_to_us(self) -> bool {
        matches!(self, Self::Issuer | Self::SsoUrl | Self::Certificate)
    }

    /// The setting that a reason code asks to look at, if it is one of the identity provider's.
    ///
    /// ```
    /// use saml_sp::Setting;
    ///
    /// assert_eq!(Setting::for_code("conditions.audience_mismatch"), Some(Setting::SpEntityId));
    /// assert_eq!(Setting::for_code("conditions.expired"), None);
    /// ```
    #[must_use]
    pub fn for_code(code: &str) -> Option<Self> {
        // Codes of one family that ends in several ways
        if code.starts_with("encryption.") {
            return Some(Self::Encryption);
        }
        Some(match code {
            "conditions.missing"
            | "conditions.audience_missing"
            | "conditions.audience_mismatch"
            | "subject.sp_name_qualifier" => Self::SpEntityId,
            "subject.recipient_missing" | "subject.recipient_mismatch" => Self::Recipient,
            "response.destination_missing" | "response.destination_mismatch" => Self::Destination,
            "subject.missing"
            | "subject.name_id_missing"
            | "subject.name_id_empty"
            | "subject.name_id_too_long" => Self::NameId,
            "subject.name_id_format" => Self::NameIdFormat,
            "signature.missing" | "response.unsigned" | "assertion.unsigned" => Self::SignedPart,
            "signature.algorithm_weak"
            | "signature.algorithm_unknown"
            | "signature.canonicalization_method" => Self::SignatureAlgorithm,
            "response.encrypted_assertion" | "subject.encrypted_id" | "attribute.encrypted" => {
                Self::Encryption
            }
            "attribute.not_found" | "attribute.not_single" | "attribute.name_missing" => {
                Self::Attributes
            }
            "authn.statement_missing" => Self::AuthnStatement,
            "status.not_success" => Self::Assignment,
            "request.unsolicited_not_allowed" | "request.unsolicited_in_response_to" => {
                Self::IdpInitiated
            }
            "connection.signing_key_missing" => Self::RequestSignature,
            "connection.no_endpoint" => Self::SsoUrl,
            "response.issuer_mismatch" | "assertion.issuer_mismatch" => Self::Issuer,
            "signature.unknown_key"
            | "signature.value_mismatch"
            | "signature.algorithm_key_mismatch"
            | "signature.key_weak"
            | "signature.certificate"
            | "signature.certificate_missing"
            | "signature.certificate_mismatch"
            | "connection.metadata_expired" => Self::Certificate,
            _ => return None,
        })
    }
}

/// What one console calls a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Field {
    /// The setting.
    pub setting: Setting,
    /// The words on the screen.
    pub label: &'static str,
    /// Where to find it, if not with the rest ([`Preset::place`](super::Preset::place)).
    pub place: Option<&'static str>,
    /// What to enter, if this product wants something special.
    pub enter: Option<&'static str>,
}

pub(super) const fn field(setting: Setting, label: &'static str) -> Field {
    Field {
        setting,
        label,
        place: None,
        enter: None,
    }
}

impl Field {
    pub(super) const fn at(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }

    pub(super) const fn enter(mut self, what: &'static str) -> Self {
        self.enter = Some(what);
        self
    }

    /// What belongs into it.
    #[must_use]
    pub const fn value(&self) -> &'static str {
        match self.enter {
            Some(what) => what,
            None => self.setting.value(),
        }
    }
}

/// The field to change at one product, for one reason code.
///
/// `Display` is half a sentence: `Okta, “Audience URI (SP Entity ID)” (Applications › …)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConsoleHint {
    /// The product.
    pub product: &'static str,
    /// The setting.
    pub setting: Setting,
    /// What its console calls it; `None` where that is not known.
    pub label: Option<&'static str>,
    /// Where to find it.
    pub place: &'static str,
    /// What belongs into it.
    pub value: &'static str,
}

impl fmt::Display for ConsoleHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label {
            Some(label) => write!(f, "{}, “{label}” ({})", self.product, self.place),
            None => write!(
                f,
                "{}, its setting for the {} ({})",
                self.product,
                self.setting.name(),
                self.place
            ),
        }
    }
}
