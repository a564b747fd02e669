//! validUntil and cacheDuration of everything that contains the role.

use saml_xml::Element;
use saml_xml::types::{Duration, format_date_time, parse_date_time, parse_duration, trim_xml};
use time::OffsetDateTime;

use super::Context;
use crate::error::excerpt;
use crate::{CLOCK_SKEW, ConfigError, ConfigErrorKind};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) until: Option<OffsetDateTime>,
    pub(crate) cache: Option<Duration>,
}

impl Validity {
    /// What nothing around bounds.
    pub(crate) const UNBOUNDED: Self = Self {
        until: None,
        cache: None,
    };
}

/// SAML Metadata §2.3.1, §2.3.2, §2.4.1: the root's and each element's own times bound what is
/// within, so the earliest and the shortest count.
pub(crate) fn read<'d>(
    context: &Context<'_>,
    around: Validity,
    elements: impl Iterator<Item = Element<'d>>,
) -> Result<Validity, ConfigError> {
    let mut validity = around;
    for element in elements {
        if let Some(text) = element.attribute("validUntil") {
            let until = parse_date_time(trim_xml(text)).map_err(|_| {
                context
                    .refuse(ConfigErrorKind::ValidUntilMalformed, element)
                    .actual(excerpt(text))
            })?;
            check_not_expired(until, context.now)
                .map_err(|error| context.locate(error, element))?;
            validity.until = Some(validity.until.map_or(until, |earlier| earlier.min(until)));
        }
        if let Some(text) = element.attribute("cacheDuration") {
            let cache = parse_duration(trim_xml(text)).map_err(|_| {
                context
                    .refuse(ConfigErrorKind::CacheDurationMalformed, element)
                    .actual(excerpt(text))
            })?;
            validity.cache = Some(match validity.cache {
                Some(other) => shorter(context.now, other, cache),
                None => cache,
            });
        }
    }
    Ok(validity)
}

/// Months have no fixed length, so durations compare by where they lead from now. One that leads
/// out of the calendar is the longer one.
fn shorter(now: OffsetDateTime, a: Duration, b: Duration) -> Duration {
    match (a.add_to(now), b.add_to(now)) {
        (Some(end_a), Some(end_b)) if end_b < end_a => b,
        (None, Some(_)) => b,
        _ => a,
    }
}

/// SAML Metadata §2.3.2: validUntil is when the metadata expires; SAML2Int SDP-G01 grants it the
/// clock skew of messages.
pub(crate) fn check_not_expired(
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), ConfigError> {
    if now < until.saturating_add(CLOCK_SKEW) {
        return Ok(());
    }
    Err(ConfigError::new(ConfigErrorKind::Expired)
        .expected(format!("validUntil after {}", format_date_time(now)))
        .actual(format_date_time(until)))
}

/// SAML2Int v2 SDP-MD03: what federations ask for.
pub(super) fn check_capped(
    context: &Context<'_>,
    until: Option<OffsetDateTime>,
    at_most: time::Duration,
    entity: Element<'_>,
) -> Result<(), ConfigError> {
    let latest = context
        .now
        .saturating_add(at_most)
        .saturating_add(CLOCK_SKEW);
    let refuse = |kind| context.refuse(kind, entity);
    match until {
        None => Err(refuse(ConfigErrorKind::ValidUntilMissing)),
        Some(until) if until > latest => Err(refuse(ConfigErrorKind::ValidUntilTooFar)
            .expected(format!("at most {}", format_date_time(latest)))
            .actual(format_date_time(until))),
        Some(_) => Ok(()),
    }
}
