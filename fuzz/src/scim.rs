//! SCIM: what clients write.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use scim_core::dialect::Preset;
use scim_core::document::{Keep, Reader};
use scim_core::filter::{Expr, Filter, FilterLimits, PathExpr, Resolver};
use scim_core::random::{Random, RandomError};
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, Request, Response, ScimService};
use scim_core::store::MemoryStore;
use scim_core::token::Scopes;
use time::OffsetDateTime;

const USER: &str = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "Ann", "externalId": "x", "active": true, "title": "a%b_c",
    "name": {"givenName": "Ånn", "familyName": "O'M"},
    "emails": [{"value": "a@x", "type": "work", "primary": true}, {"value": "b@y", "type": "home"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "m"}}}"#;

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| Arc::new(Registry::standard()));

/// Comparisons in a filter, and how deep it is.
fn size(expr: &Expr) -> (usize, usize) {
    let all = |list: &[Expr]| {
        let sizes = list.iter().map(size);
        sizes.fold((0, 0), |all, one| (all.0 + one.0, all.1.max(one.1)))
    };
    match expr {
        Expr::And(list) | Expr::Or(list) => all(list),
        Expr::Not(inner) => {
            let (terms, depth) = size(inner);
            (terms, depth + 1)
        }
        Expr::ValuePath { filter, then, .. } => {
            let (terms, depth) = size(filter);
            let more = then.as_deref().map_or(0, |then| size(then).0);
            (terms + more, depth + 1)
        }
        _ => (1, 0),
    }
}

/// Filters and paths: what is read is within the limits, and is read again from what it is written
/// as; what is resolved has an answer, and its negation the other one.
pub fn scim_filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let limits = FilterLimits::default();
    // Written out, a filter may have parentheses that it did not need
    let mut wide = limits;
    wide.bytes = usize::MAX;
    wide.depth *= 4;
    if let Ok(path) = PathExpr::parse(text, &limits) {
        let again = PathExpr::parse(&path.to_string(), &wide);
        assert_eq!(again, Ok(path));
    }
    let Ok(expr) = Expr::parse(text, &limits) else {
        return;
    };
    let (terms, depth) = size(&expr);
    assert!(text.len() <= limits.bytes && terms <= limits.terms && depth <= limits.depth);
    let registry = &*REGISTRY;
    let user = registry.resource_type_by_name("User");
    let user = user.expect("a standard type").id();
    for preset in [Preset::Strict, Preset::Lenient] {
        let dialect = preset.dialect();
        let json = serde_json::from_str(USER).expect("JSON");
        let document = Reader::new(registry, user, &dialect, Keep::All).document(&json);
        let resource = Resource::new(
            ResourceId::new("id-1"),
            document.expect("a user"),
            OffsetDateTime::UNIX_EPOCH,
        );
        if let Ok(filter) = Resolver::new(registry, user, &dialect).filter(&expr) {
            let matches = filter.matches(registry, &resource);
            let negated = Filter::Not(Box::new(filter));
            assert_ne!(matches, negated.matches(registry, &resource));
        }
        let _ = Resolver::new(registry, user, &dialect).sort(text, false);
    }
    let written = expr.to_string();
    assert_eq!(Expr::parse(&written, &wide), Ok(expr), "{written}");
}

/// Numbers that are the same every time.
struct Count(AtomicU64);

impl Random for Count {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for byte in buffer {
            let step = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            *byte = step.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[1];
        }
        Ok(())
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    let output = match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    };
    output.expect("the store in memory never waits")
}

/// Requests, `PRESET METHOD PATH` in the first line and the body after it: an answer to each, never a
/// failure of the service; what is refused has changed nothing. `UID` and `GID` are a user and a
/// group that exist.
pub fn scim_request(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (line, body) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = line.splitn(3, ' ');
    let (Some(preset), Some(method), Some(path)) = (
        words.next().and_then(Preset::from_name),
        words.next(),
        words.next(),
    ) else {
        return;
    };
    let registry = Arc::clone(&REGISTRY);
    let store = MemoryStore::new(Arc::clone(&registry));
    let config = Config::new("https://sp.example/scim", CursorKey::new([7; 32]));
    let count = Arc::new(Count(AtomicU64::new(0)));
    let service = ScimService::new(store, registry, count, config);
    let tenant = TenantId::new("t");
    let id = ConnectionId::new("c");
    let connection = Connection::new(id, tenant.clone(), preset, Scopes::all());
    let send = |method: &str, path: &str, body: &str| -> Response {
        let request = Request::new(method, path)
            .with_header("content-type", "application/scim+json")
            .body(body.as_bytes().to_vec());
        ready(service.handle(&request, &connection, OffsetDateTime::UNIX_EPOCH))
    };
    let made = |path: &str, body: &str| -> String {
        let body = send("POST", path, body).body.unwrap_or_default();
        let id = body.get("id").and_then(|id| id.as_str());
        id.expect("a new resource").to_owned()
    };
    let user = made("/Users", USER);
    let group = made(
        "/Groups",
        &format!(
            r#"{{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "g",
                "members": [{{"value": "{user}"}}]}}"#
        ),
    );
    let whole = || {
        let page = send(
            "GET",
            "/?attributes=members,groups,meta,userName,emails",
            "",
        );
        page.body.and_then(|body| body.get("Resources").cloned())
    };
    let before = whole();
    drop(service.store().take_events(&tenant));
    let put_in = |text: &str| text.replace("UID", &user).replace("GID", &group);
    let response = send(method, &put_in(path), &put_in(body));
    assert!((200..600).contains(&response.status) && response.status != 500);
    assert!(response.log.is_some());
    if response.status >= 400 {
        assert_eq!(service.store().take_events(&tenant), []);
        assert_eq!(whole(), before);
    }
}
