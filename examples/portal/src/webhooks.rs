//! Sends what happened to users and groups to the receivers of their connections.

use std::collections::BTreeMap;
use std::time::Duration;

use scim_core::resource::TenantId;
use scim_core::webhook::{self, BackOff, Delivery, WebhookRequest, WebhookSecret};
use sso_store::{DbError, ScimStore, Store, Webhook, scim_registry};
use time::OffsetDateTime;
use ureq::Agent;
use url::Url;

use crate::random::OsRandom;
use crate::refresh::is_loopback;

/// Events in one round.
const AT_ONCE: u32 = 500;
const TIMEOUT: Duration = Duration::from_secs(10);

/// What stays between rounds: which receivers are left alone, and until when.
#[derive(Debug, Default)]
pub struct Webhooks {
    back_off: BTreeMap<String, BackOff>,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "numbers for a log line")]
pub struct Round {
    /// Events that arrived.
    pub delivered: usize,
    /// Events that a receiver will never take.
    pub refused: usize,
    /// Events of connections without a receiver.
    pub dropped: usize,
    /// Events that wait.
    pub waiting: usize,
}

impl Webhooks {
    /// Sends what is there, in order for each connection: after a failure, the later ones of that
    /// connection wait.
    ///
    /// # Errors
    /// `store.*`.
    pub fn deliver(
        &mut self,
        store: &Store,
        base: &Url,
        now: OffsetDateTime,
    ) -> Result<Round, DbError> {
        let resources = ScimStore::new(store.clone(), scim_registry(&store.scim_schemas()?)?);
        let receivers: BTreeMap<String, Webhook> = store
            .connections()?
            .into_iter()
            .filter_map(|record| {
                let hook = record.settings.webhook?;
                Some((record.name.as_str().to_owned(), hook))
            })
            .collect();
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        let mut round = Round::default();
        let mut done = Vec::new();
        for (number, tenant, event) in resources.events(AT_ONCE)? {
            let name = tenant_name(&tenant);
            let Some(hook) = receivers.get(name) else {
                round.dropped += 1;
                done.push(number);
                continue;
            };
            let back_off = self.back_off.entry(name.to_owned()).or_default();
            if !back_off.is_due(now) {
                round.waiting += 1;
                continue;
            }
            let issuer = base.as_str();
            let sent = WebhookSecret::new(hook.secret.expose().as_bytes())
                .filter(|_| may_send(&hook.url, base))
                .and_then(|secret| {
                    webhook::request(&event, issuer, hook.url.as_str(), &secret, &OsRandom).ok()
                });
            let status = sent.and_then(|request| post(&agent, &hook.url, &request));
            match webhook::outcome(status) {
                Delivery::Done => {
                    back_off.succeeded();
                    round.delivered += 1;
                    done.push(number);
                }
                Delivery::Refused => {
                    back_off.succeeded();
                    round.refused += 1;
                    done.push(number);
                }
                _ => {
                    back_off.failed(now);
                    round.waiting += 1;
                }
            }
        }
        resources.delivered(&done)?;
        Ok(round)
    }
}

/// A connection is a tenant.
fn tenant_name(tenant: &TenantId) -> &str {
    tenant.as_str()
}

/// Whether a name may be the receiver of this portal: TLS, unless both are on this machine.
pub(crate) fn may_send(url: &Url, base: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url) && is_loopback(base),
        _ => false,
    }
}

fn post(agent: &Agent, url: &Url, request: &WebhookRequest) -> Option<u16> {
    agent
        .post(url.as_str())
        .header("content-type", WebhookRequest::CONTENT_TYPE)
        .header("accept", WebhookRequest::ACCEPT)
        .send(request.body.as_bytes())
        .ok()
        .map(|response| response.status().as_u16())
}

/// A new secret for the receiver of a connection, as text of 64 characters.
///
/// # Errors
/// When there is no randomness.
pub fn new_secret() -> Result<sso_store::StoredSecret, saml_sp::RandomError> {
    crate::random::token().map(sso_store::StoredSecret::new)
}
