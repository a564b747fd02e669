//! What is known of ten identity providers: data, no behaviour.
//!
//! A [`Preset`] names the fields of a product's console, says what the product signs and sends by
//! default, and which of its habits surprise people. It can be printed, serialised and compared
//! ([`diff`]). It loosens nothing: every one of the ten logs in under the strict defaults, and what
//! a [`Quirk`] forgives has to be asked for by name.

mod console;
mod quirk;

mod adfs;
mod auth0;
mod entra;
mod google;
mod jumpcloud;
mod keycloak;
mod okta;
mod onelogin;
mod ping;
mod shibboleth;

#[cfg(test)]
mod tests;

use core::fmt;

use idp_config::Binding;
use serde::Serialize;

pub use console::{ConsoleHint, Field, Setting};
pub use quirk::Quirk;
pub(crate) use quirk::Quirks;

use console::field;

use crate::reason::Reason;

/// What one identity provider product calls things, and how it behaves until somebody changes it.
///
/// ```
/// use saml_sp::{ConditionsRule, Preset, Reason};
///
/// let okta = Preset::find("okta").expect("one of the ten");
/// let hint = okta.console_hint(ConditionsRule::AudienceMismatch.code()).expect("a field of Okta's");
/// assert_eq!(hint.label, Some("Audience URI (SP Entity ID)"));
/// println!("{okta}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Preset {
    /// Its stable name in lower case: `okta`.
    pub id: &'static str,
    /// The product's name.
    pub product: &'static str,
    /// Where in its console the fields are, unless they say otherwise.
    pub place: &'static str,
    /// Its fields, as far as their labels are known.
    pub fields: &'static [Field],
    /// Where its metadata offer the sign-on service, as they come by default.
    pub offers: &'static [Binding],
    /// What it signs by default.
    pub signs: Signs,
    /// The signature algorithm it starts with.
    pub algorithm: Algorithm,
    /// Whether it encrypts assertions by default.
    pub encrypts: bool,
    /// The Format of its NameIDs by default, as it writes it.
    pub name_id_format: &'static str,
    /// How it is told whom to ask for.
    pub login_hint: LoginHint,
    /// Single logout.
    pub logout: Logout,
    /// What happens to its signing certificate.
    pub certificate: &'static str,
    /// The quirks it is known for, and the setting that brings each about. None is forgiven until
    /// [`danger::forgive`](crate::danger::forgive) says so.
    pub quirks: &'static [(Quirk, &'static str)],
    /// What surprises people about it.
    pub habits: &'static [Habit],
}

/// What an identity provider signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Signs {
    /// The Assertion.
    Assertion,
    /// The Response.
    Response,
    /// Both.
    Both,
}

/// The signature algorithm of a new application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA with SHA-256.
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// RSA with SHA-1: refused until it is switched.
    #[serde(rename = "rsa-sha1")]
    RsaSha1,
}

/// How an identity provider is told whom to ask for. Never part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginHint {
    /// No way is documented.
    None,
    /// This parameter in the query of the sign-on URL.
    Query(&'static str),
    /// The Subject of the AuthnRequest (SAML Core §3.4.1).
    Subject,
}

/// Whether an identity provider takes part in single logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Logout {
    /// It does not.
    None,
    /// Once it is configured.
    OnRequest,
    /// Once it is configured, and it wants every logout message signed.
    OnRequestSigned,
}

/// Something an identity provider does that surprises people, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Habit {
    /// Its stable name, in snake case. The same habit has the same name everywhere.
    pub name: &'static str,
    /// What it does, and what follows.
    pub text: &'static str,
}

const fn habit(name: &'static str, text: &'static str) -> Habit {
    Habit { name, text }
}

impl Preset {
    /// Every preset, by id.
    pub const ALL: &'static [&'static Self] = &[
        &adfs::PRESET,
        &auth0::PRESET,
        &entra::PRESET,
        &google::PRESET,
        &jumpcloud::PRESET,
        &keycloak::PRESET,
        &okta::PRESET,
        &onelogin::PRESET,
        &ping::PRESET,
        &shibboleth::PRESET,
    ];

    /// The preset of that id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|preset| preset.id == id)
    }

    /// The label of a setting, where it is known.
    #[must_use]
    pub fn field(&self, setting: Setting) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.setting == setting)
    }

    /// What to change in this product's console for a reason code; `None` when it is not about a
    /// setting of the identity provider.
    #[must_use]
    pub fn console_hint(&self, code: &str) -> Option<ConsoleHint> {
        Setting::for_code(code).map(|setting| self.hint_for(setting))
    }

    /// What to change in this product's console for a setting.
    #[must_use]
    pub fn hint_for(&self, setting: Setting) -> ConsoleHint {
        // Most consoles have one field for the three places where the ACS URL stands
        let known = self.field(setting).or_else(|| match setting {
            Setting::Recipient | Setting::Destination => self.field(Setting::AcsUrl),
            _ => None,
        });
        ConsoleHint {
            product: self.product,
            setting,
            label: known.map(|field| field.label),
            place: known.and_then(|field| field.place).unwrap_or(self.place),
            value: known.map_or(setting.value(), Field::value),
        }
    }

    /// What it is known to break, if that is the rule.
    #[must_use]
    pub fn quirk_for(&self, reason: Reason) -> Option<(Quirk, &'static str)> {
        self.quirks
            .iter()
            .copied()
            .find(|(quirk, _)| quirk.forgives() == reason)
    }

    /// Everything in it, one fact to a line, with a stable name for each: what `Display` prints and
    /// [`diff`] compares.
    #[must_use]
    pub fn facts(&self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: &dyn fmt::Display| {
            facts.push((name.to_owned(), value.to_string()));
        };
        fact("product", &self.product);
        fact("place", &self.place);
        let offers: Vec<_> = self.offers.iter().map(Binding::to_string).collect();
        fact("offers", &offers.join(", "));
        fact(
            "signs",
            &match self.signs {
                Signs::Assertion => "the Assertion",
                Signs::Response => "the Response",
                Signs::Both => "the Response and the Assertion",
            },
        );
        fact(
            "algorithm",
            &match self.algorithm {
                Algorithm::RsaSha256 => "RSA-SHA256",
                Algorithm::RsaSha1 => "RSA-SHA1, which is refused: switch it",
            },
        );
        fact("encrypts", &if self.encrypts { "yes" } else { "no" });
        fact("NameID format", &self.name_id_format);
        fact(
            "login hint",
            &match self.login_hint {
                LoginHint::None => "none".to_owned(),
                LoginHint::Query(name) => format!("query parameter {name}"),
                LoginHint::Subject => "Subject of the AuthnRequest".to_owned(),
            },
        );
        fact(
            "single logout",
            &match self.logout {
                Logout::None => "no",
                Logout::OnRequest => "when configured",
                Logout::OnRequestSigned => "when configured, signed messages only",
            },
        );
        fact("certificate", &self.certificate);
        for field in self.fields {
            let place = field.place.map(|p| format!(" ({p})")).unwrap_or_default();
            fact(
                &format!("field: {}", field.setting.name()),
                &format!("“{}”{place}: {}", field.label, field.value()),
            );
        }
        for (quirk, when) in self.quirks {
            fact(&format!("quirk: {quirk}"), when);
        }
        for habit in self.habits {
            fact(&format!("habit: {}", habit.name), &habit.text);
        }
        facts
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "preset: {}", self.id)?;
        for (name, value) in self.facts() {
            writeln!(f, "{name}: {value}")?;
        }
        Ok(())
    }
}

/// One line in which two presets differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the fact.
    pub fact: String,
    /// What the first says.
    pub left: Option<String>,
    /// What the second says.
    pub right: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fact)?;
        if let Some(left) = &self.left {
            write!(f, "\n- {left}")?;
        }
        if let Some(right) = &self.right {
            write!(f, "\n+ {right}")?;
        }
        Ok(())
    }
}

/// What a connection would find different at another product.
///
/// ```
/// use saml_sp::{Preset, preset_diff};
///
/// let (okta, google) = (Preset::find("okta").unwrap(), Preset::find("google").unwrap());
/// let logout = preset_diff(okta, google).into_iter().find(|d| d.fact == "single logout").unwrap();
/// assert_eq!(logout.right.as_deref(), Some("no"));
/// assert!(preset_diff(okta, okta).is_empty());
/// ```
#[must_use]
pub fn diff(a: &Preset, b: &Preset) -> Vec<Difference> {
    let (left, right) = (a.facts(), b.facts());
    let value = |facts: &[(String, String)], name: &str| {
        facts
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
    };
    let only_right = right
        .iter()
        .filter(|(name, _)| value(&left, name).is_none());
    left.iter()
        .chain(only_right)
        .map(|(name, _)| Difference {
            fact: name.clone(),
            left: value(&left, name),
            right: value(&right, name),
        })
        .filter(|difference| difference.left != difference.right)
        .collect()
}
