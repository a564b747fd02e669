//! SCIM under /api/scim, and what it means for logins.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::scim::{Client, call};
use common::{Browser, Portal, answer};
use portal::random::now;
use scim_core::token::Scopes;
use serde_json::{Value, json};
use sso_testkit::FakeIdp;

fn user(name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
        "emails": [{"value": name, "primary": true}]})
}

fn portal_with(idp: &FakeIdp) -> Portal {
    let portal = Portal::start();
    portal.connect("example", idp);
    portal
}

fn sign_in(portal: &Portal, idp: &FakeIdp) -> (u16, Browser) {
    let mut browser = Browser::new();
    let request = portal.start_login(&mut browser, "example");
    let page = browser.post(&portal.url("/saml/consume"), &answer(idp, &request));
    (page.status, browser)
}

#[test]
fn whoever_scim_made_is_the_same_user_and_is_kept_out_when_deactivated() {
    let idp = FakeIdp::new();
    let portal = portal_with(&idp);
    let scim = Client::of(&portal, "example", Scopes::all());
    let id = scim.make("/Users", &user("alice@example.test"));

    let (status, mut browser) = sign_in(&portal, &idp);
    assert_eq!(status, 303);
    let users = portal.store.users().unwrap();
    assert_eq!(users.len(), 1);
    let account = portal.store.account(users[0].account_id.unwrap());
    let account = account.unwrap().unwrap();
    assert_eq!(account.scim_id.as_deref(), Some(id.as_str()));

    // Deactivated: the session ends at once, and there is no other
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}]});
    assert_eq!(scim.send("PATCH", &format!("/Users/{id}"), &patch).0, 200);
    assert!(browser.get(&portal.url("/")).body.contains("not signed in"));
    assert_eq!(sign_in(&portal, &idp).0, 403);
    assert_eq!(
        portal.last_log().code.as_deref(),
        Some("policy.deactivated")
    );

    // Activated, under another name: the link holds
    let rename = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": true, "userName": "alicia@example.test",
            "emails": [{"value": "alicia@example.test"}]}}]});
    assert_eq!(scim.send("PATCH", &format!("/Users/{id}"), &rename).0, 200);
    assert_eq!(sign_in(&portal, &idp).0, 303);
    assert_eq!(portal.store.users().unwrap().len(), 1);

    // Deleted: a login does not bring the user back
    assert_eq!(
        scim.send("DELETE", &format!("/Users/{id}"), &Value::Null).0,
        204
    );
    assert_eq!(sign_in(&portal, &idp).0, 403);
    assert_eq!(portal.last_log().code.as_deref(), Some("policy.tombstone"));
}

#[test]
fn without_scim_a_first_login_makes_the_user() {
    let idp = FakeIdp::new();
    let portal = portal_with(&idp);
    assert_eq!(sign_in(&portal, &idp).0, 303);
    let id = portal.store.users().unwrap()[0].account_id.unwrap();
    let account = portal.store.account(id).unwrap().unwrap();
    assert_eq!(account.scim_id, None);
    assert_eq!(account.provisioned_by, sso_store::ProvisionedBy::Login);
}

#[test]
fn jumpclouds_connection_test_succeeds_twice_in_a_row() {
    let portal = portal_with(&FakeIdp::new());
    let name = "example".parse().unwrap();
    portal
        .store
        .change_connection(&name, now(), |record| {
            record.settings.scim_dialect = Some(scim_core::dialect::Preset::JumpCloud);
            Ok::<(), sso_store::DbError>(())
        })
        .unwrap();
    let scim = Client::of(&portal, "example", Scopes::all());
    for _ in 0..2 {
        let id = scim.make("/Users", &user("jctest@example.test"));
        let mut off = user("jctest@example.test");
        off["active"] = json!(false);
        assert_eq!(scim.send("PUT", &format!("/Users/{id}"), &off).0, 200);
    }
    // In the lenient default a deactivated user of that name is a conflict
    portal
        .store
        .change_connection(&name, now(), |record| {
            record.settings.scim_dialect = None;
            Ok::<(), sso_store::DbError>(())
        })
        .unwrap();
    let (status, error) = scim.send("POST", "/Users", &user("jctest@example.test"));
    assert_eq!((status, &error["scimType"]), (409, &json!("uniqueness")));
}

#[test]
fn credentials_are_asked_for_and_connections_kept_apart() {
    let portal = portal_with(&FakeIdp::new());
    portal.connect("other", &FakeIdp::new());
    let users = portal.url("/api/scim/Users");
    assert_eq!(call(&users, "GET", None, &Value::Null).0, 401);
    assert_eq!(
        call(&users, "GET", Some("Bearer scim_x"), &Value::Null).0,
        401
    );
    let scim = Client::of(&portal, "example", Scopes::all());
    let id = scim.make("/Users", &user("ann@example.test"));
    let other = Client::of(&portal, "other", Scopes::all());
    assert_eq!(
        other.send("GET", &format!("/Users/{id}"), &Value::Null).0,
        404
    );
    assert_eq!(
        other.send("GET", "/Users", &Value::Null).1["totalResults"],
        0
    );
    // The same name is free at another connection, and lower-case names are understood
    other.make("/users", &user("ann@example.test"));
    // HTTP Basic with the token as password
    let basic = saml_xml::types::encode_base64(format!("any:{}", scim.token).as_bytes());
    let (status, list) = call(&users, "GET", Some(&format!("Basic {basic}")), &Value::Null);
    assert_eq!((status, &list["totalResults"]), (200, &json!(1)));

    let reader = Client::of(&portal, "example", Scopes::read_only());
    assert_eq!(reader.send("GET", "/Users", &Value::Null).0, 200);
    assert_eq!(
        reader.send("POST", "/Users", &user("bob@example.test")).0,
        403
    );
}

#[test]
fn a_schema_that_is_added_takes_effect_at_once() {
    let portal = portal_with(&FakeIdp::new());
    let scim = Client::of(&portal, "example", Scopes::all());
    let urn = "urn:example:params:scim:schemas:desk:2.0:User";
    let mut ann = user("ann@example.test");
    ann[urn] = json!({"desk": "4711"});
    let schema =
        json!({"id": urn, "name": "Desk", "attributes": [{"name": "desk", "type": "string"}]});
    portal
        .store
        .put_scim_schema("User", &schema.to_string())
        .unwrap();
    let id = scim.make("/Users", &ann);
    let (_, read) = scim.send("GET", &format!("/Users/{id}"), &Value::Null);
    assert_eq!(read[urn]["desk"], "4711");
    let (_, found) = scim.send(
        "GET",
        &format!("/Users?filter={urn}:desk%20eq%20%224711%22"),
        &Value::Null,
    );
    assert_eq!(found["totalResults"], 1);
    let refused = portal.store.put_scim_schema("Nobody", &schema.to_string());
    assert_eq!(refused.unwrap_err().code(), "store.invalid_value");
    assert_eq!(
        portal.store.scim_schemas().unwrap()[0].resource_type,
        "User"
    );
}

#[test]
fn groups_requests_and_errors_are_logged() {
    let portal = portal_with(&FakeIdp::new());
    let scim = Client::of(&portal, "example", Scopes::all());
    let id = scim.make("/Users", &user("ann@example.test"));
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Staff", "members": [{"value": id}]});
    scim.make("/Groups", &group);
    let (_, read) = scim.send("GET", &format!("/Users/{id}"), &Value::Null);
    assert_eq!(read["groups"][0]["display"], "Staff");
    let (status, error) = scim.send("GET", "/Users?filter=nonsense%20eq%201", &Value::Null);
    assert_eq!((status, &error["scimType"]), (400, &json!("invalidFilter")));

    let mut browser = Browser::new();
    browser.sign_in_admin(&portal);
    let page = browser.get(&portal.url("/admin/scim/example"));
    for shown in [
        "POST /Users",
        "POST /Groups",
        "filter.attribute_unknown",
        "members +1",
    ] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
    assert!(!page.body.contains("ann@example.test"), "names, not values");
}

#[test]
fn tokens_are_made_extended_and_reset_on_the_page() {
    let portal = portal_with(&FakeIdp::new());
    let mut browser = Browser::new();
    browser.sign_in_admin(&portal);
    let place = portal.url("/admin/sso/connection/example");
    let page = browser.get(&place);
    let made = browser.submit(&page, "/scim/create", &[]);
    assert_eq!(made.status, 200);
    let start = made.body.find("scim_example_").unwrap();
    let token: String = made.body[start..]
        .chars()
        .take_while(|c| *c != '<')
        .collect();
    let users = portal.url("/api/scim/Users");
    let bearer = format!("Bearer {token}");
    assert_eq!(call(&users, "GET", Some(&bearer), &Value::Null).0, 200);

    let page = browser.get(&place);
    assert!(!page.body.contains(&token), "shown once");
    assert_eq!(browser.submit(&page, "/scim/extend", &[]).status, 303);
    let page = browser.get(&place);
    let again = browser.submit(&page, "/scim/reset", &[]);
    assert!(again.body.contains("scim_example_") && !again.body.contains(&token));
    assert_eq!(call(&users, "GET", Some(&bearer), &Value::Null).0, 401);

    let page = browser.get(&place);
    let page = browser.submit(&page, "/scim/dialect", &[("scim_dialect", "okta")]);
    assert!(
        browser
            .rest_of(page)
            .body
            .contains("<option value=\"okta\" selected")
    );
}

#[test]
fn a_dialect_is_suggested_and_never_switched() {
    let portal = portal_with(&FakeIdp::new());
    let scim = Client::of(&portal, "example", Scopes::all());
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "displayName": "G"});
    scim.make("/Groups", &group);
    let mut browser = Browser::new();
    browser.sign_in_admin(&portal);
    let page = browser.get(&portal.url("/admin/sso/connection/example"));
    let command = "portal connection set example --scim-dialect entra";
    assert!(page.body.contains(command), "{}", page.body);
    let record = portal.store.connections().unwrap().remove(0);
    assert_eq!(record.settings.scim_dialect, None);
    let page = browser.submit(&page, "/scim/dialect", &[("scim_dialect", "entra")]);
    assert!(!browser.rest_of(page).body.contains(command));
}
