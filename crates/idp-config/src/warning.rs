use std::fmt;

saml_xml::reason_codes! {
    /// What is worth knowing about a configured identity provider, though it does not stop a login.
    pub enum WarningKind {
        /// A signing certificate's validity has ended. The key is trusted because it was
        /// configured, so logins go on.
        CertificateExpired => {
            code: "metadata.certificate_expired",
            side: Idp,
            cite: "SAML FedInterop IIP-MD12",
            hint: "Renew the signing certificate at the identity provider before somebody insists on it.",
        },
        /// A signing certificate's validity has not begun.
        CertificateNotYetValid => {
            code: "metadata.certificate_not_yet_valid",
            side: Idp,
            cite: "SAML FedInterop IIP-MD12",
            hint: "The certificate is for later; check the clock of whoever made it.",
        },
        /// A signing certificate is signed by its own key, as is usual for identity providers.
        CertificateSelfSigned => {
            code: "metadata.certificate_self_signed",
            side: Idp,
            cite: "SAML FedInterop IIP-MD12",
            hint: "Nothing to do: the key is trusted because it was configured, not because of who issued it.",
        },
        /// A certificate that only issued another one beside it was not taken as a signing key.
        CertificateChainIgnored => {
            code: "metadata.certificate_chain_ignored",
            side: Idp,
            cite: "XML Signature §4.5.4",
            hint: "Nothing to do, unless the identity provider really signs with the issuing key.",
        },
        /// A signing KeyDescriptor without a certificate or RSA key was passed over.
        KeyWithoutMaterial => {
            code: "metadata.key_without_material",
            side: Idp,
            cite: "SAML Metadata §2.4.1.1; XML Signature §4.5",
            hint: "A name alone cannot verify a signature; publish that key as a certificate if it signs.",
        },
        /// The document carries a signature, which was not verified.
        SignatureNotVerified => {
            code: "metadata.signature_not_verified",
            side: Us,
            cite: "SAML Metadata §3",
            hint: "The document is trusted because it was configured; make sure it came from the identity provider.",
        },
        /// A sign-in or sign-out URL of plain http was accepted, as asked for.
        PlainHttpAccepted => {
            code: "config.plain_http_accepted",
            side: Us,
            cite: "SAML Bindings §3.4.5.1",
            hint: "Move the identity provider to https and withdraw the exception.",
        },
        /// An RSA key shorter than 2048 bits was accepted, as asked for.
        WeakKeyAccepted => {
            code: "metadata.weak_key_accepted",
            side: Us,
            cite: "SAML2Int SDP-MD06; NIST SP 800-131A Rev. 2 §3",
            hint: "Have the identity provider create a key of 2048 bits or more and withdraw the exception.",
        },
        /// With a fingerprint alone, no logout message over HTTP-Redirect can be verified.
        FingerprintCannotVerifyRedirect => {
            code: "config.fingerprint_cannot_verify_redirect",
            side: User,
            cite: "SAML Bindings §3.4.4.1",
            hint: "Keep the certificate of the first verified login, or configure the metadata XML, for single logout to work.",
        },
    }
}

/// One thing worth knowing, with which part it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    kind: WarningKind,
    about: Option<String>,
}

impl Warning {
    pub(crate) fn new(kind: WarningKind) -> Self {
        Self { kind, about: None }
    }

    pub(crate) fn about(kind: WarningKind, about: impl Into<String>) -> Self {
        Self {
            kind,
            about: Some(about.into()),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> WarningKind {
        self.kind
    }

    /// Its stable code, such as `metadata.certificate_expired`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Which certificate, key or URL it is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.about.as_deref()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())?;
        if let Some(about) = &self.about {
            write!(f, ": {about}")?;
        }
        write!(f, ". {}", self.kind.hint())
    }
}
