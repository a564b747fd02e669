//! What an application has before it gets SAML: a clock, randomness, sessions, cookies.
//!
//! The short examples share it, so that what is left in them is the login and the framework. Bring
//! your own of each; none of it is needed by the core crates but [`OsRandom`] and [`now`].

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ring::rand::{SecureRandom as _, SystemRandom};
use saml_sp::{Random, RandomError};
use time::{Duration, OffsetDateTime};

/// How long a session lasts at most.
const LONGEST: Duration = Duration::hours(8);
/// The name of a session's cookie.
const SESSION: &str = "session";

/// The time.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the application is where the clock is read"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        SystemRandom::new().fill(out).map_err(|_| RandomError)
    }
}

impl scim_core::random::Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), scim_core::random::RandomError> {
        Random::fill(self, out).map_err(|_| scim_core::random::RandomError)
    }
}

/// With which requests from other sites a cookie is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the values of SameSite that are used"
)]
pub enum SameSite {
    /// With links that are followed: a session.
    Lax,
    /// With every request, the POST of an identity provider's page among them: a login under way.
    None,
}

/// Sessions, in memory, and cookies: `HttpOnly`, `Path=/`, and over https `Secure` with the prefix
/// `__Host-`.
///
/// `SameSite=None` needs https. Over plain http it is `Lax`, which does where identity provider and
/// application are on one host, whatever their ports: that is one site.
#[derive(Debug)]
pub struct Site {
    https: bool,
    /// Who is signed in, and until when, by the value of the session's cookie.
    sessions: Mutex<HashMap<String, (String, OffsetDateTime)>>,
}

impl Site {
    /// The site of this URL.
    #[must_use]
    pub fn of(url: &str) -> Self {
        Self {
            https: url.starts_with("https:"),
            sessions: Mutex::default(),
        }
    }

    /// Opens a session until `end` (`SessionNotOnOrAfter`), but for eight hours at most. Gives its
    /// cookie for a `Set-Cookie` header.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign_in(&self, name: &str, end: Option<OffsetDateTime>) -> Result<String, RandomError> {
        let mut id = [0; 32];
        Random::fill(&OsRandom, &mut id)?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let most = now() + LONGEST;
        let end = end.map_or(most, |end| end.min(most));
        let cookie = self.set_cookie(SESSION, &id, SameSite::Lax, LONGEST.whole_seconds());
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, (_, end)| now() < *end);
        sessions.insert(id, (name.to_owned(), end));
        Ok(cookie)
    }

    /// Who is signed in, by the request's `Cookie` header.
    #[must_use]
    pub fn who<H: AsRef<[u8]>>(&self, header: Option<&H>) -> Option<String> {
        let id = self.cookie(header, SESSION)?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, end) = sessions.get(id)?;
        (now() < *end).then(|| name.clone())
    }

    /// A cookie for a `Set-Cookie` header; with 0 `seconds` it goes.
    #[must_use]
    pub fn set_cookie(&self, name: &str, value: &str, same_site: SameSite, seconds: i64) -> String {
        let (prefix, secure) = self.marks();
        let same_site = match same_site {
            SameSite::None if self.https => "None",
            SameSite::None | SameSite::Lax => "Lax",
        };
        format!(
            "{prefix}{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}"
        )
    }

    /// The value of a cookie in a request's `Cookie` header.
    #[must_use]
    pub fn cookie<'h, H: AsRef<[u8]>>(&self, header: Option<&'h H>, name: &str) -> Option<&'h str> {
        let (prefix, _) = self.marks();
        std::str::from_utf8(header?.as_ref())
            .ok()?
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| key.strip_prefix(prefix) == Some(name))
            .map(|(_, value)| value)
    }

    const fn marks(&self) -> (&'static str, &'static str) {
        // RFC 6265bis §4.1.3.2: `__Host-` asks for Secure, Path=/ and no Domain
        if self.https {
            ("__Host-", "; Secure")
        } else {
            ("", "")
        }
    }
}

#[cfg(test)]
mod tests;
