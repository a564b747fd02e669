//! Rules of saml:AuthnStatement: when and how the user signed in.

use saml_xml::Element;

use super::{Context, Expected};
use crate::preset::Quirk;
use crate::reason::AuthnRule;
use crate::report::{Checks, Failure, Value};
use crate::response::attribute_span;
use crate::response::authn_statement::{self, AuthnStatement};
use crate::trust::SessionInfo;

/// Every statement has to pass. The session is the first one's, and ends when the first of them
/// ends.
pub(super) fn check(
    checks: &mut Checks,
    statements: &[Element<'_>],
    assertion: Element<'_>,
    context: &Context<'_>,
) -> Option<SessionInfo> {
    // SAML Profiles §4.1.4.2: MUST contain at least one <AuthnStatement>
    if statements.is_empty() {
        let missing = Failure::new(AuthnRule::StatementMissing).at(assertion.start_tag_span());
        // A request that asked for more than a login cannot do without the statement that answers it
        let asked = matches!(context.expected, Expected::Request(pending)
            if pending.force_authn() || !pending.authn_context_class_refs().is_empty());
        if asked {
            checks.fail(missing);
            return None;
        }
        let forgiven = checks.fail_unless_forgiven(Quirk::MissingAuthnStatement, missing);
        return forgiven.then_some(SessionInfo {
            session_index: None,
            session_not_on_or_after: None,
            authn_instant: None,
            authn_context: None,
        });
    }
    let mut session: Option<SessionInfo> = None;
    for &element in statements {
        let statement = checks.take(authn_statement::read(element))?;
        check_statement(checks, &statement, context);
        match &mut session {
            None => {
                session = Some(SessionInfo {
                    session_index: statement.session_index.map(str::to_owned),
                    session_not_on_or_after: statement.session_not_on_or_after,
                    authn_instant: Some(statement.authn_instant),
                    authn_context: statement.authn_context_class_ref.map(str::to_owned),
                });
            }
            Some(session) => {
                let ends = session
                    .session_not_on_or_after
                    .into_iter()
                    .chain(statement.session_not_on_or_after);
                session.session_not_on_or_after = ends.min();
            }
        }
    }
    session
}

fn check_statement(checks: &mut Checks, statement: &AuthnStatement<'_>, context: &Context<'_>) {
    let clock = context.clock;
    let element = statement.element;
    let instant = |rule, expected| {
        Failure::new(rule)
            .expected(expected)
            .actual(Value::Time(statement.authn_instant))
            .at(attribute_span(element, "AuthnInstant"))
    };
    // SAML Core §2.7.2: AuthnInstant is when the authentication took place
    let future = instant(AuthnRule::InstantFuture, Value::NotAfter(clock.now));
    checks.decide(!clock.is_ahead(statement.authn_instant), future);

    // SAML Core §2.7.2 and SAML Profiles §4.1.4.3: the session ends then at the latest
    if let Some(end) = statement.session_not_on_or_after {
        checks.decide(
            !clock.is_over(end),
            Failure::new(AuthnRule::SessionExpired)
                .expected(Value::Before(end))
                .actual(Value::Time(clock.now))
                .at(attribute_span(element, "SessionNotOnOrAfter")),
        );
    }

    let Expected::Request(pending) = context.expected else {
        return;
    };
    // SAML Core §3.4.1: with ForceAuthn the identity provider MUST authenticate the presenter
    // directly rather than rely on a previous security context
    if pending.force_authn() {
        let earliest = pending.created().saturating_sub(clock.skew);
        let stale = instant(AuthnRule::Stale, Value::NotBefore(pending.created()));
        checks.decide(statement.authn_instant >= earliest, stale);
    }
    // SAML Core §3.3.2.2.1: Comparison exact: the resulting authentication context MUST be
    // the exact match of at least one of the authentication contexts specified
    let wanted = pending.authn_context_class_refs();
    if !wanted.is_empty() {
        let actual = statement.authn_context_class_ref;
        checks.decide(
            actual.is_some_and(|actual| wanted.iter().any(|wanted| wanted == actual)),
            Failure::new(AuthnRule::ContextMismatch)
                .expected(Value::text(&wanted.join(" or ")))
                .actual(Value::optional(actual))
                .at(element.span()),
        );
    }
}
