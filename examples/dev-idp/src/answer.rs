//! The answer: good, or broken on purpose.

use sso_testkit::{AuthnRequestInfo, EMAIL, FakeIdp, IdpKey, KeyKind, Signs, User};
use time::{Duration, OffsetDateTime};

/// Ways to break an answer, each for one thing a service provider has to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// Nothing is signed.
    Unsigned,
    /// Signed with a key that is not in the metadata.
    OtherKey,
    /// The NameID changed after signing.
    Edited,
    /// Made for another service provider.
    OtherAudience,
    /// Addressed to another assertion consumer service.
    OtherRecipient,
    /// Ten minutes too old.
    Expired,
    /// From a clock that is ten minutes ahead.
    ClockAhead,
    /// The answer to another request.
    OtherRequest,
    /// An issuer nobody configured.
    OtherIssuer,
    /// A user without NameID.
    NoNameId,
    /// The IdP refuses the login.
    Refused,
    /// A second, unsigned assertion beside the signed one.
    Wrapped,
}

impl Broken {
    /// All of them, in the order of the form.
    pub const ALL: &'static [Self] = &[
        Self::Unsigned,
        Self::OtherKey,
        Self::Edited,
        Self::Wrapped,
        Self::OtherAudience,
        Self::OtherRecipient,
        Self::OtherIssuer,
        Self::OtherRequest,
        Self::Expired,
        Self::ClockAhead,
        Self::NoNameId,
        Self::Refused,
    ];

    /// The value in the form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::OtherKey => "other_key",
            Self::Edited => "edited",
            Self::OtherAudience => "other_audience",
            Self::OtherRecipient => "other_recipient",
            Self::Expired => "expired",
            Self::ClockAhead => "clock_ahead",
            Self::OtherRequest => "other_request",
            Self::OtherIssuer => "other_issuer",
            Self::NoNameId => "no_name_id",
            Self::Refused => "refused",
            Self::Wrapped => "wrapped",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unsigned => "without any signature",
            Self::OtherKey => "signed with a key nobody configured",
            Self::Edited => "with the NameID edited after signing",
            Self::OtherAudience => "made for another service provider",
            Self::OtherRecipient => "addressed to another ACS URL",
            Self::Expired => "that has expired",
            Self::ClockAhead => "from a clock ten minutes ahead",
            Self::OtherRequest => "to a request that nobody made",
            Self::OtherIssuer => "from an issuer nobody configured",
            Self::NoNameId => "without a NameID",
            Self::Refused => "that refuses the login",
            Self::Wrapped => "with a forged assertion beside the signed one",
        }
    }

    /// Finds it by its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|broken| broken.name() == name)
    }
}

/// The fields of the sign-in form.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) request: AuthnRequestInfo,
    pub(crate) email: String,
    pub(crate) display_name: String,
    pub(crate) groups: String,
    pub(crate) broken: Option<Broken>,
}

impl SignIn {
    fn user(&self) -> User {
        let groups: Vec<String> = self
            .groups
            .split(',')
            .map(str::trim)
            .filter(|group| !group.is_empty())
            .map(str::to_owned)
            .collect();
        let mut attributes = vec![("email".to_owned(), vec![self.email.clone()])];
        if !self.display_name.is_empty() {
            attributes.push(("displayName".to_owned(), vec![self.display_name.clone()]));
        }
        if !groups.is_empty() {
            attributes.push(("groups".to_owned(), groups));
        }
        User {
            name_id: self.email.clone(),
            name_id_format: Some(EMAIL.to_owned()),
            attributes,
        }
    }

    /// The SAMLResponse parameter: base64.
    pub(crate) fn saml_response(&self, idp: &FakeIdp, now: OffsetDateTime) -> String {
        let now = match self.broken {
            Some(Broken::Expired) => now - Duration::minutes(15),
            Some(Broken::ClockAhead) => now + Duration::minutes(10),
            _ => now,
        };
        let stranger = IdpKey::pooled(KeyKind::EcP256, 0);
        let mut answer = idp
            .respond(&self.request, &self.user(), now)
            .mutate(|response| {
                let other = || Some("https://somebody-else.example/".to_owned());
                let Some(assertion) = &mut response.assertion else {
                    return;
                };
                match self.broken {
                    Some(Broken::OtherAudience) => {
                        assertion.audiences = vec![other().into_iter().collect()]
                    }
                    Some(Broken::OtherRecipient) => assertion.recipient = other(),
                    Some(Broken::OtherIssuer) => {
                        assertion.issuer = other();
                        response.issuer = other();
                    }
                    Some(Broken::OtherRequest) => {
                        assertion.in_response_to = Some("_nobody-asked".to_owned());
                        response.in_response_to = Some("_nobody-asked".to_owned());
                    }
                    Some(Broken::NoNameId) => assertion.name_id = None,
                    Some(Broken::Refused) => {
                        response.status = vec![
                            "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(),
                            "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned(),
                        ];
                        response.status_message =
                            Some("This user may not use the application.".to_owned());
                        response.assertion = None;
                    }
                    _ => {}
                }
            });
        match self.broken {
            Some(Broken::Unsigned) => answer = answer.sign(Signs::Nothing),
            Some(Broken::OtherKey) => answer = answer.key(&stranger),
            _ => {}
        }
        let mut xml = answer.to_xml();
        match self.broken {
            Some(Broken::Edited) => xml = xml.replace("</saml:NameID>", ".evil</saml:NameID>"),
            Some(Broken::Wrapped) => {
                let forged = answer
                    .mutate(|response| {
                        if let Some(assertion) = &mut response.assertion {
                            assertion.id = "_forged".to_owned();
                            assertion.name_id = Some("admin@example.test".to_owned());
                        }
                    })
                    .sign(Signs::Nothing)
                    .assertion_xml();
                xml = xml.replace("</samlp:Response>", &format!("{forged}</samlp:Response>"));
            }
            _ => {}
        }

        saml_xml::types::encode_base64(xml.as_bytes())
    }
}
