//! Rules of the request that is answered, and of the connection's state.

use super::{Context, Expected};
use crate::reason::{ConnectionRule, RequestRule};
use crate::report::{Checks, Failure, Value};

pub(super) fn check(checks: &mut Checks, context: &Context<'_>) {
    let Context {
        connection, clock, ..
    } = context;
    // SAML Metadata §2.3.2: metadata is not to be used after validUntil
    if let Some(valid_until) = connection.identity_provider().valid_until() {
        checks.decide(
            !clock.is_over(valid_until),
            Failure::new(ConnectionRule::MetadataExpired)
                .expected(Value::Before(valid_until))
                .actual(Value::Time(clock.now)),
        );
    }
    match crate::policy::check(connection, context.sp.entity_id(), clock.now) {
        Ok(()) => {}
        Err(rule) => {
            checks.fail(Failure::new(rule).expected(Value::Static(connection.policy().as_str())));
        }
    }
    match context.expected {
        Expected::Request(pending) => {
            // A Response is judged by the connection its request was made for; entity IDs are not
            // unique, so a mix-up of identity providers shows here and in the keys, nowhere else
            checks.decide(
                pending.connection() == connection.id(),
                Failure::new(RequestRule::OtherConnection)
                    .expected(Value::text(connection.id().as_str()))
                    .actual(Value::text(pending.connection().as_str())),
            );
            checks.decide(
                clock.now < pending.expires(),
                Failure::new(RequestRule::Expired)
                    .expected(Value::Before(pending.expires()))
                    .actual(Value::Time(clock.now)),
            );
        }
        // SAML Profiles §4.1.5: an identity provider may send an unsolicited Response; nobody has
        // to take it
        Expected::Unsolicited => checks.decide(
            connection.allows_unsolicited(),
            Failure::new(RequestRule::UnsolicitedNotAllowed)
                .expected(Value::Static("an answer to a request"))
                .actual(Value::Static("an unsolicited Response")),
        ),
    }
}
