//! The manual: how the flows go, what to store, why each default is what it is.
//!
//! | page | for whom |
//! |---|---|
//! | [`login`] | everybody: a login from the button to the session, as a program that runs |
//! | [`frameworks`] | everybody: what is left to write for axum, hyper, actix, or another |
//! | [`idp_initiated`] | whose customers click a tile in their own portal |
//! | [`tenants`] | who has more than one customer: routes, accounts, e-mail addresses |
//! | [`sp_metadata`] | who hands metadata to an identity provider, and changes keys |
//! | [`policies`] | who joins a federation, or wants to know what is asked for |
//! | [`storage`] | who deploys it: what to keep, for how long, what a lost record means |
//! | [`logout`] | who ends sessions elsewhere, too: both directions, as a program that runs |
//! | [`refresh`] | who configures by URL: certificates that renew themselves |
//! | [`federations`] | who trusts a federation: aggregates of thousands, MDQ, the page to choose from |
//! | [`encryption`] | whose customers encrypt: keys, algorithms, what is refused |
//! | [`behind_a_proxy`] | who deploys it: URLs, cookies, bodies |
//! | [`defaults`] | who reviews it: each default, its reason, and how to depart from it |
//! | [`vulnerabilities`] | who reviews it: what was published about others, and where it dies here |
//! | [`reason_codes`] | who operates it: every code, its side, what to do |
//! | [`from_samael`] | who comes from the samael crate |
//!
//! Words are used as the standards use them. `parse` gives untrusted data, `verify` is
//! cryptography, `validate` is rules.

#[doc = include_str!("login.md")]
pub mod login {}

#[doc = include_str!("frameworks.md")]
pub mod frameworks {}

#[doc = include_str!("idp_initiated.md")]
pub mod idp_initiated {}

#[doc = include_str!("tenants.md")]
pub mod tenants {}

#[doc = include_str!("sp_metadata.md")]
pub mod sp_metadata {}

#[doc = include_str!("policies.md")]
pub mod policies {}

#[doc = include_str!("storage.md")]
pub mod storage {}

#[doc = include_str!("logout.md")]
pub mod logout {}

#[doc = include_str!("refresh.md")]
pub mod refresh {}

#[doc = include_str!("federations.md")]
pub mod federations {}

#[doc = include_str!("encryption.md")]
pub mod encryption {}

#[doc = include_str!("behind_a_proxy.md")]
pub mod behind_a_proxy {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("vulnerabilities.md")]
pub mod vulnerabilities {}

#[doc = include_str!("reason_codes.md")]
pub mod reason_codes {}

#[doc = include_str!("from_samael.md")]
pub mod from_samael {}
