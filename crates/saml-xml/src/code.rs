//! Reason codes: one per rule, stable, with whose side it is and where the rule stands.

/// Whose side a refusal is on: who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// The identity provider, or its settings.
    Idp,
    /// This service provider, or its settings.
    Us,
    /// One of the two clocks.
    Clock,
    /// What lies between: transport, proxies, truncation.
    Network,
    /// The message has the shape of an attack; no honest sender makes it.
    Attacker,
    /// The person who signs in: starting again is enough.
    User,
}

impl Side {
    /// The stable lower-case name, as reports and logs carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::Us => "us",
            Self::Clock => "clock",
            Self::Network => "network",
            Self::Attacker => "attacker",
            Self::User => "user",
        }
    }
}

/// Defines an enum of reason codes.
///
/// Each variant has a stable code string (`area.rule`), the [`Side`] that has to act, the place in
/// the standards that demands it, and one sentence that says what to do; its documentation doubles as
/// the sentence that says what it means. The enum is `Copy` and
/// `#[non_exhaustive]`; `ALL` lists every variant, so that tools can check that each rule has a
/// test vector and a page.
///
/// ```
/// saml_xml::reason_codes! {
///     /// Why a cup was refused.
///     pub enum CupError {
///         /// The cup is empty.
///         Empty => { code: "cup.empty", side: Us, cite: "House rules §1", hint: "Fill the cup." },
///     }
/// }
/// assert_eq!(CupError::Empty.code(), "cup.empty");
/// assert_eq!(CupError::Empty.summary(), "The cup is empty");
/// assert_eq!(CupError::ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! reason_codes {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $variant:ident => {
                    code: $code:literal,
                    side: $side:ident,
                    cite: $cite:literal,
                    hint: $hint:literal $(,)?
                }
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl $name {
            /// Every variant, in the order of definition.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable code, `area.rule`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// Who has to change something.
            #[must_use]
            pub const fn side(self) -> $crate::Side {
                match self { $( Self::$variant => $crate::Side::$side, )+ }
            }

            /// Where the rule stands.
            #[must_use]
            pub const fn cite(self) -> &'static str {
                match self { $( Self::$variant => $cite, )+ }
            }

            /// What it means: the first sentence of the variant's own documentation, without its full stop.
            #[must_use]
            pub fn summary(self) -> &'static str {
                let text = match self { $( Self::$variant => concat!($($doc),+), )+ };
                let text = text.trim_ascii();
                let first = text.split_once(". ").map_or(text, |(first, _)| first);
                first.strip_suffix('.').unwrap_or(first)
            }

            /// One sentence: what to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $( Self::$variant => $hint, )+ }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
