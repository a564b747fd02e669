//! What a metadata document tells people: names, contacts, wanted attributes.

use url::Url;

use crate::error::Error;
use crate::provider::endpoint;

/// `mdui:UIInfo` (Metadata Extensions for Login and Discovery User Interface §2.1). Languages are
/// tags such as `en` or `pt-BR`.
#[derive(Clone, Debug)]
pub struct UiInfo {
    pub(super) texts: Vec<(&'static str, String, String)>,
    pub(super) logos: Vec<(Url, u32, u32)>,
}

impl UiInfo {
    /// The name that users see.
    #[must_use]
    pub fn named(language: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            texts: vec![("mdui:DisplayName", language.into(), name.into())],
            logos: Vec::new(),
        }
    }

    /// The name in another language.
    #[must_use]
    pub fn display_name(self, language: impl Into<String>, name: impl Into<String>) -> Self {
        self.text("mdui:DisplayName", language.into(), name.into())
    }

    /// What the service is, in a sentence.
    #[must_use]
    pub fn description(self, language: impl Into<String>, text: impl Into<String>) -> Self {
        self.text("mdui:Description", language.into(), text.into())
    }

    /// A page about the service.
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn information(self, language: impl Into<String>, url: &str) -> Result<Self, Error> {
        let url = endpoint(url)?;
        Ok(self.text("mdui:InformationURL", language.into(), url.into()))
    }

    /// The privacy statement.
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn privacy_statement(self, language: impl Into<String>, url: &str) -> Result<Self, Error> {
        let url = endpoint(url)?;
        Ok(self.text("mdui:PrivacyStatementURL", language.into(), url.into()))
    }

    /// A logo, with its size in pixels.
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn logo(mut self, url: &str, width: u32, height: u32) -> Result<Self, Error> {
        self.logos
            .push((endpoint(url)?, width.max(1), height.max(1)));
        Ok(self)
    }

    fn text(mut self, element: &'static str, language: String, text: String) -> Self {
        self.texts.push((element, language, text));
        self
    }
}

/// `md:Organization` (SAML Metadata §2.3.2.1), in one language.
#[derive(Clone, Debug)]
pub struct Organization {
    pub(super) language: String,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) url: Url,
}

impl Organization {
    /// Its name, the name that people know, and its site.
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn new(
        language: impl Into<String>,
        name: impl Into<String>,
        display_name: impl Into<String>,
        url: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            language: language.into(),
            name: name.into(),
            display_name: display_name.into(),
            url: endpoint(url)?,
        })
    }
}

/// What a contact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactKind {
    /// Whom to ask when a login fails.
    Technical,
    /// Whom users may be sent to.
    Support,
    /// Whom to ask about the agreement.
    Administrative,
    /// Whom to send bills to.
    Billing,
    /// Anything else.
    Other,
}

impl ContactKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Support => "support",
            Self::Administrative => "administrative",
            Self::Billing => "billing",
            Self::Other => "other",
        }
    }
}

/// `md:ContactPerson` (SAML Metadata §2.3.2.2).
#[derive(Clone, Debug)]
pub struct Contact {
    pub(super) kind: ContactKind,
    pub(super) company: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) surname: Option<String>,
    pub(super) emails: Vec<String>,
}

impl Contact {
    /// A contact of a kind.
    #[must_use]
    pub const fn new(kind: ContactKind) -> Self {
        Self {
            kind,
            company: None,
            given_name: None,
            surname: None,
            emails: Vec::new(),
        }
    }

    /// The company.
    #[must_use]
    pub fn company(mut self, name: impl Into<String>) -> Self {
        self.company = Some(name.into());
        self
    }

    /// The given name, or that of a team.
    #[must_use]
    pub fn given_name(mut self, name: impl Into<String>) -> Self {
        self.given_name = Some(name.into());
        self
    }

    /// The surname.
    #[must_use]
    pub fn surname(mut self, name: impl Into<String>) -> Self {
        self.surname = Some(name.into());
        self
    }

    /// An e-mail address, without `mailto:`.
    #[must_use]
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.emails.push(address.into());
        self
    }
}

/// One attribute that logins ask for (SAML Metadata §2.4.4.2).
#[derive(Clone, Debug)]
pub struct RequestedAttribute {
    pub(super) name: String,
    pub(super) friendly_name: Option<String>,
    pub(super) required: bool,
}

impl RequestedAttribute {
    /// An attribute by its URI, such as `urn:oid:0.9.2342.19200300.100.1.3`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            friendly_name: None,
            required: false,
        }
    }

    /// A name for people.
    #[must_use]
    pub fn friendly_name(mut self, name: impl Into<String>) -> Self {
        self.friendly_name = Some(name.into());
        self
    }

    /// The service does not work without it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// `md:AttributeConsumingService` (SAML Metadata §2.4.4.1).
#[derive(Clone, Debug)]
pub struct AttributeService {
    pub(super) language: String,
    pub(super) name: String,
    pub(super) requested: Vec<RequestedAttribute>,
}

impl AttributeService {
    /// A list with a name that users may be shown when they are asked for consent.
    #[must_use]
    pub fn new(language: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            language: language.into(),
            name: name.into(),
            requested: Vec::new(),
        }
    }

    /// One more attribute.
    #[must_use]
    pub fn request(mut self, attribute: RequestedAttribute) -> Self {
        self.requested.push(attribute);
        self
    }
}
