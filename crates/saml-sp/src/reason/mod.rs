//! Every code that a login can be refused with.

mod account;
mod logout;
mod message;
mod rules;
mod state;

use core::fmt;

use crate::error::Error;
use saml_xml::{EncryptionErrorKind, ScalarErrorKind, Side, SignatureErrorKind, XmlErrorKind};

pub use account::AccountRule;
pub use logout::LogoutRule;
pub use message::{AssertionRule, DecodeRule, ResponseRule, StatusRule};
pub use rules::{AttributeErrorKind, AttributeRule, AuthnRule, ConditionsRule, SubjectRule};
pub use state::{ConnectionRule, PolicyRule, RequestRule, StoreRule};

macro_rules! reason {
    ($( $(#[$meta:meta])* $variant:ident($kind:ty), )+) => {
        /// Why something was refused: one variant for each family of rules.
        ///
        /// [`code`](Self::code) is the stable string that logs and tests hold; it never changes
        /// its meaning.
        ///
        /// ```
        /// use saml_sp::{ConditionsRule, Reason, Side};
        ///
        /// let reason = Reason::Conditions(ConditionsRule::AudienceMismatch);
        /// assert_eq!(reason.code(), "conditions.audience_mismatch");
        /// assert_eq!(reason.side(), Side::Idp);
        /// assert!(Reason::all().any(|other| other == reason));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $( $(#[$meta])* $variant($kind), )+ }

        impl Reason {
            /// Every reason, for tools that check that each has a vector and a page.
            pub fn all() -> impl Iterator<Item = Self> {
                core::iter::empty()$( .chain(<$kind>::ALL.iter().copied().map(Self::$variant)) )+
            }

            /// The stable code, `area.rule`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant(kind) => kind.code(), )+ }
            }

            /// Who has to change something.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $( Self::$variant(kind) => kind.side(), )+ }
            }

            /// Where the rule stands.
            #[must_use]
            pub const fn cite(self) -> &'static str {
                match self { $( Self::$variant(kind) => kind.cite(), )+ }
            }

            /// One sentence without its full stop: what is wrong.
            ///
            /// ```
            /// use saml_sp::{ConditionsRule, Reason};
            ///
            /// let reason = Reason::Conditions(ConditionsRule::AudienceMismatch);
            /// assert_eq!(reason.summary(), "An AudienceRestriction does not name this service provider");
            /// ```
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $( Self::$variant(kind) => kind.summary(), )+ }
            }

            /// One sentence: what to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $( Self::$variant(kind) => kind.hint(), )+ }
            }
        }

        $( impl From<$kind> for Reason {
            fn from(kind: $kind) -> Self {
                Self::$variant(kind)
            }
        }

        impl From<$kind> for Error {
            fn from(kind: $kind) -> Self {
                Reason::$variant(kind).into()
            }
        } )+
    };
}

reason! {
    /// The posted form.
    Decode(DecodeRule),
    /// The XML.
    Xml(XmlErrorKind),
    /// A value of a simple type: base64, time, identifier.
    Scalar(ScalarErrorKind),
    /// An XML signature.
    Signature(SignatureErrorKind),
    /// samlp:Response.
    Response(ResponseRule),
    /// samlp:Status.
    Status(StatusRule),
    /// saml:Assertion.
    Assertion(AssertionRule),
    /// saml:Subject.
    Subject(SubjectRule),
    /// saml:Conditions.
    Conditions(ConditionsRule),
    /// saml:AuthnStatement.
    Authn(AuthnRule),
    /// saml:AttributeStatement.
    Attribute(AttributeRule),
    /// The request that the Response answers.
    Request(RequestRule),
    /// The stores.
    Store(StoreRule),
    /// Our own configuration.
    Connection(ConnectionRule),
    /// The policy of a federation.
    Policy(PolicyRule),
    /// The step from a login to an account.
    Account(AccountRule),
    /// Single logout.
    Logout(LogoutRule),
    /// XML Encryption.
    Encryption(EncryptionErrorKind),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
