//! The provisioning policy from end to end: SCIM and logins make accounts with roles, administrators
//! change them where they may, and the history says who, what and why.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::collections::BTreeSet;

use common::scim::Client;
use common::{Browser, Portal, answer};
use idp_config::Actor;
use portal::accounts::{Edit, EditRefused, edit};
use portal::connections::{self, Users};
use portal::policy::PolicyChange;
use portal::random::now;
use scim_core::token::Scopes;
use serde_json::{Value, json};
use sso_store::{Account, AccountStatus, ProvisionedBy};
use sso_testkit::{FakeIdp, User};

const NAME: &str = "example";
/// Whom the fake identity provider signs in.
const ALICE: &str = "alice@example.test";

struct Bench {
    idp: FakeIdp,
    portal: Portal,
    scim: Client,
}

impl Bench {
    fn new(change: &PolicyChange) -> Self {
        let idp = FakeIdp::new();
        let portal = Portal::start();
        portal.connect(NAME, &idp);
        let scim = Client::of(&portal, NAME, Scopes::all());
        let bench = Self { idp, portal, scim };
        bench.set(change);
        bench
    }

    fn set(&self, change: &PolicyChange) {
        let actor = Actor::CommandLine;
        connections::change(&self.portal.store, NAME, actor, now(), |record| {
            change.apply(&mut record.settings.provisioning)
        })
        .unwrap();
    }

    fn user(&self, name: &str) -> String {
        self.scim.make("/Users", &user(name))
    }

    fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name, "members": members});
        self.scim.make("/Groups", &body)
    }

    fn patch(&self, path: &str, operation: &Value) -> (u16, Value) {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation]});
        self.scim.send("PATCH", path, &body)
    }

    fn activate(&self, id: &str, active: bool) {
        let done = self.patch(
            &format!("/Users/{id}"),
            &json!({"op": "replace", "path": "active", "value": active}),
        );
        assert_eq!(done.0, 200, "{}", done.1);
    }

    fn leave(&self, group: &str, id: &str) {
        let path = format!("members[value eq \"{id}\"]");
        let done = self.patch(
            &format!("/Groups/{group}"),
            &json!({"op": "remove", "path": path}),
        );
        // A large group is not sent back
        assert!(matches!(done.0, 200 | 204), "{}", done.1);
    }

    fn join(&self, group: &str, id: &str) {
        let done = self.patch(
            &format!("/Groups/{group}"),
            &json!({"op": "add", "path": "members", "value": [{"value": id}]}),
        );
        assert_eq!(done.0, 200, "{}", done.1);
    }

    fn account(&self, id: &str) -> Account {
        let found = self.portal.store.account_of_scim(NAME, id).unwrap();
        found.unwrap_or_else(|| panic!("no account of {id}"))
    }

    fn named(&self, name: &str) -> Option<Account> {
        self.portal.store.account_named(Some(NAME), name).unwrap()
    }

    /// The latest event about an account, and its code.
    fn last(&self, account: i64) -> (String, Option<String>) {
        let entries = self.portal.store.log(None, 1000).unwrap();
        let entry = entries
            .into_iter()
            .find(|entry| entry.account == Some(account))
            .unwrap();
        (entry.event, entry.code)
    }

    fn sign_in_as(&self, who: &User) -> (u16, Browser) {
        let mut browser = Browser::new();
        let request = self.portal.start_login(&mut browser, NAME);
        let form = self.idp.respond(&request, who, now()).to_form();
        let page = browser.post(&self.portal.url("/saml/consume"), &form);
        (page.status, browser)
    }

    fn sign_in(&self) -> (u16, Browser) {
        let mut browser = Browser::new();
        let request = self.portal.start_login(&mut browser, NAME);
        let form = answer(&self.idp, &request);
        let page = browser.post(&self.portal.url("/saml/consume"), &form);
        (page.status, browser)
    }

    fn edit(&self, account: i64, what: &Edit) -> Result<Account, EditRefused> {
        edit(
            &self.portal.store,
            account,
            what,
            &Actor::CommandLine,
            now(),
        )
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
        "emails": [{"value": name, "primary": true}]})
}

fn list(items: &[&str]) -> Option<Vec<String>> {
    Some(items.iter().map(ToString::to_string).collect())
}

fn roles(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(ToString::to_string).collect()
}

fn default() -> PolicyChange {
    PolicyChange::default()
}

#[test]
fn creation_that_is_off_is_refused_with_what_to_change_and_nothing_is_stored() {
    let bench = Bench::new(&PolicyChange {
        create_by_scim: Some(false),
        ..default()
    });
    let (status, error) = bench.scim.send("POST", "/Users", &user("ann@example.test"));
    assert_eq!(status, 403);
    assert!(
        error["detail"]
            .as_str()
            .unwrap()
            .contains("provisioning policy"),
        "{error}"
    );
    let (_, all) = bench.scim.send("GET", "/Users", &Value::Null);
    assert_eq!(all["totalResults"], 0);
    assert_eq!(bench.named("ann@example.test"), None);
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let page = browser.get(&bench.portal.url("/admin/logs?code=policy.creation_off"));
    assert!(page.body.contains("POST /Users"), "{}", page.body);
}

#[test]
fn the_name_of_a_local_administrator_is_taken_unless_adoption_is_on() {
    let bench = Bench::new(&default());
    let store = &bench.portal.store;
    portal::admin::add(store, ALICE, now()).unwrap().unwrap();
    let (status, error) = bench
        .scim
        .send("POST", "/Users", &user("Alice@Example.test"));
    assert_eq!((status, &error["scimType"]), (409, &json!("uniqueness")));
    // A rename to it neither, nor a login
    let bob = bench.user("bob@example.test");
    let rename = json!({"op": "replace", "path": "userName", "value": ALICE});
    assert_eq!(bench.patch(&format!("/Users/{bob}"), &rename).0, 409);
    assert_eq!(bench.sign_in().0, 403);
    let log = bench.portal.last_log();
    assert_eq!(log.code.as_deref(), Some("policy.name_taken"));

    bench.set(&PolicyChange {
        adopt_local_users: Some(true),
        ..default()
    });
    let local = store.account_named(None, ALICE).unwrap().unwrap();
    let id = bench.user(ALICE);
    let adopted = bench.account(&id);
    assert_eq!(adopted.id, local.id);
    assert_eq!(adopted.provisioned_by, ProvisionedBy::Scim);
    assert_eq!(adopted.roles, roles(&[]), "the groups give the roles now");
    assert!(
        store.administrator(ALICE).unwrap().is_none(),
        "no password any more"
    );
    // The last one is nobody's to adopt
    let (status, error) = bench.scim.send("POST", "/Users", &user("admin"));
    assert_eq!(status, 409);
    assert!(
        error["detail"]
            .as_str()
            .unwrap()
            .contains("last local administrator")
    );
    assert!(store.administrator("admin").unwrap().is_some());
}

#[test]
fn a_user_without_a_required_group_is_a_resource_and_no_account() {
    let bench = Bench::new(&PolicyChange {
        groups_require: list(&["Staff*"]),
        groups_exclude: list(&["*-hidden"]),
        roles_by_group: list(&["Staff = member", "*-admins = admin"]),
        default_roles: list(&["guest"]),
        ..default()
    });
    let id = bench.user(ALICE);
    let account = bench.account(&id);
    assert_eq!(account.status, AccountStatus::Waiting);
    let required = Some("policy.required_group".to_owned());
    assert_eq!(
        bench.last(account.id),
        ("user.waiting".to_owned(), required.clone())
    );
    assert_eq!(bench.sign_in().0, 403);
    assert_eq!(bench.portal.last_log().code, required);

    let staff = bench.group("Staff", &[&id]);
    let admins = bench.group("App-Admins", &[&id]);
    bench.group("x-hidden", &[&id]);
    let account = bench.account(&id);
    assert_eq!(account.status, AccountStatus::Active);
    assert_eq!(account.roles, roles(&["member", "admin"]));
    assert_eq!(account.groups.len(), 2, "{:?}", account.groups);
    let (status, mut browser) = bench.sign_in();
    assert_eq!(status, 303);
    let page = browser.get(&bench.portal.url("/session"));
    assert!(page.body.contains("admin, member"), "{}", page.body);

    // A renamed group gives other roles, a nested one counts
    let rename = json!({"op": "replace", "path": "displayName", "value": "App-Users"});
    assert_eq!(bench.patch(&format!("/Groups/{admins}"), &rename).0, 200);
    assert_eq!(bench.account(&id).roles, roles(&["member"]));
    let page = browser.get(&bench.portal.url("/session"));
    assert!(page.body.contains("<dd>member</dd>"), "{}", page.body);
    bench.group("All-Admins", &[&admins]);
    assert_eq!(bench.account(&id).roles, roles(&["member", "admin"]));

    // The last required group is lost: out, and the session ends
    bench.leave(&staff, &id);
    let account = bench.account(&id);
    assert_eq!(account.status, AccountStatus::Disabled);
    assert_eq!(
        bench.last(account.id),
        ("user.disabled".to_owned(), required)
    );
    let home = browser.get(&bench.portal.url("/"));
    assert!(home.body.contains("not signed in"));
    assert_eq!(bench.sign_in().0, 403);
    bench.join(&staff, &id);
    assert_eq!(bench.account(&id).status, AccountStatus::Active);
    assert_eq!(bench.sign_in().0, 303);
    // So it is when the group goes
    let gone = bench
        .scim
        .send("DELETE", &format!("/Groups/{staff}"), &Value::Null);
    assert_eq!(gone.0, 204);
    assert_eq!(bench.account(&id).status, AccountStatus::Disabled);
    assert_eq!(
        bench.named(ALICE).unwrap().id,
        account.id,
        "never a second one"
    );
}

#[test]
fn who_leaves_is_disabled_or_deleted_or_an_administrator_decides() {
    for (deprovision, off, after) in [
        ("disable", AccountStatus::Disabled, AccountStatus::Disabled),
        ("delete", AccountStatus::Deleted, AccountStatus::Deleted),
        ("none", AccountStatus::Active, AccountStatus::Active),
    ] {
        let bench = Bench::new(&PolicyChange {
            deprovision: Some(deprovision.to_owned()),
            ..default()
        });
        let id = bench.user(ALICE);
        let number = bench.account(&id).id;
        bench.activate(&id, false);
        assert_eq!(bench.account(&id).status, off, "{deprovision}");
        bench.activate(&id, true);
        assert_eq!(bench.account(&id).status, AccountStatus::Active);
        let gone = bench
            .scim
            .send("DELETE", &format!("/Users/{id}"), &Value::Null);
        assert_eq!(gone.0, 204);
        assert_eq!(bench.account(&id).status, after, "{deprovision}");
        let expected = if deprovision == "none" { 303 } else { 403 };
        assert_eq!(bench.sign_in().0, expected, "{deprovision}");
        // Made again by SCIM: the same user
        let again = bench.user(ALICE);
        let account = bench.account(&again);
        assert_eq!(
            (account.id, account.status),
            (number, AccountStatus::Active)
        );
        assert_eq!(bench.sign_in().0, 303);
        assert_eq!(
            bench
                .portal
                .store
                .accounts(Some(NAME), 0, 10)
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn roles_follow_the_groups_of_who_is_kept_without_a_required_one() {
    let bench = Bench::new(&PolicyChange {
        groups_require: list(&["Staff"]),
        roles_by_group: list(&["Boss = admin"]),
        deprovision: Some("none".to_owned()),
        ..default()
    });
    let id = bench.user(ALICE);
    let staff = bench.group("Staff", &[&id]);
    let boss = bench.group("Boss", &[&id]);
    assert_eq!(bench.account(&id).roles, roles(&["admin"]));
    bench.leave(&staff, &id);
    bench.leave(&boss, &id);
    let account = bench.account(&id);
    assert_eq!(account.status, AccountStatus::Active);
    assert_eq!(account.roles, roles(&[]));
    assert_eq!(bench.last(account.id), ("user.changed".to_owned(), None));
}

#[test]
fn a_person_who_comes_back_under_another_name_is_found_by_the_external_id() {
    let bench = Bench::new(&default());
    let mut body = user("ann@example.test");
    body["externalId"] = json!("00u1");
    let id = bench.scim.make("/Users", &body);
    let number = bench.account(&id).id;
    bench
        .scim
        .send("DELETE", &format!("/Users/{id}"), &Value::Null);
    body["userName"] = json!("anna@example.test");
    let again = bench.scim.make("/Users", &body);
    let account = bench.account(&again);
    assert_eq!(
        (account.id, account.name.as_str()),
        (number, "anna@example.test")
    );
}

#[test]
fn an_administrators_deletion_is_a_tombstone_that_wins() {
    let bench = Bench::new(&PolicyChange {
        lock_provisioned: Some(false),
        ..default()
    });
    let mut body = user(ALICE);
    body["externalId"] = json!("00u1");
    let id = bench.scim.make("/Users", &body);
    let (_, mut browser) = bench.sign_in();
    let number = bench.account(&id).id;
    bench.edit(number, &Edit::Delete).unwrap();
    assert!(
        browser
            .get(&bench.portal.url("/"))
            .body
            .contains("not signed in")
    );
    assert_eq!(bench.sign_in().0, 403);
    let tombstone = Some("policy.tombstone".to_owned());
    assert_eq!(bench.portal.last_log().code, tombstone);
    // The identity provider still sees its resource, and changes nothing here
    bench.activate(&id, false);
    bench.activate(&id, true);
    assert_eq!(bench.account(&id).status, AccountStatus::Deleted);
    assert_eq!(bench.last(number), ("user.refused".to_owned(), tombstone));
    bench
        .scim
        .send("DELETE", &format!("/Users/{id}"), &Value::Null);
    let (status, error) = bench.scim.send("POST", "/Users", &user(ALICE));
    assert_eq!(status, 403, "{error}");
    // Nor by another name
    body["userName"] = json!("alicia@example.test");
    assert_eq!(bench.scim.send("POST", "/Users", &body).0, 403);
    // Until an administrator restores the user
    bench.edit(number, &Edit::Restore).unwrap();
    let again = bench.user(ALICE);
    assert_eq!(bench.account(&again).id, number);
    assert_eq!(bench.sign_in().0, 303);
}

#[test]
fn locked_users_are_not_edited_here_and_unlocked_ones_stay_as_they_were_edited() {
    let bench = Bench::new(&PolicyChange {
        default_roles: list(&["member"]),
        ..default()
    });
    let id = bench.user(ALICE);
    let number = bench.account(&id).id;
    for what in [Edit::Delete, Edit::Disable, Edit::Roles(roles(&["admin"]))] {
        let refused = bench.edit(number, &what).unwrap_err();
        assert_eq!(refused.code(), "policy.locked");
    }
    let locked = Some("policy.locked".to_owned());
    assert_eq!(bench.last(number), ("user.refused".to_owned(), locked));
    assert_eq!(bench.account(&id).roles, roles(&["member"]));

    // Nor on the page, which does not even offer it
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let place = bench.portal.url(&format!("/admin/users/{number}"));
    let page = browser.get(&place);
    assert!(
        page.body
            .contains("yes: changes are the identity provider's")
    );
    assert!(!page.body.contains("Disable</button>"));

    bench.set(&PolicyChange {
        lock_provisioned: Some(false),
        ..default()
    });
    let page = browser.get(&place);
    let page = browser.submit(&page, "/edit", &[("do", "roles"), ("roles", "auditor, x")]);
    assert_eq!(page.status, 303);
    assert_eq!(bench.account(&id).roles, roles(&["auditor", "x"]));
    bench.group("Any", &[&id]);
    assert_eq!(
        bench.account(&id).roles,
        roles(&["auditor", "x"]),
        "groups change them no more"
    );
    bench.edit(number, &Edit::Roles(roles(&[]))).unwrap();
    assert_eq!(
        bench.account(&id).roles,
        roles(&["member"]),
        "until they may again"
    );

    bench.edit(number, &Edit::Disable).unwrap();
    bench.activate(&id, false);
    bench.activate(&id, true);
    assert_eq!(
        bench.account(&id).status,
        AccountStatus::Disabled,
        "by an administrator"
    );
    assert_eq!(bench.sign_in().0, 403);
    bench.edit(number, &Edit::Enable).unwrap();
    assert_eq!(bench.sign_in().0, 303);
    // Enabled here while the identity provider has the user deactivated: still the policy's
    bench.activate(&id, false);
    let enabled = bench.edit(number, &Edit::Enable).unwrap();
    assert_eq!(enabled.status, AccountStatus::Disabled);
}

#[test]
fn one_local_administrator_always_stays_and_gets_in() {
    let bench = Bench::new(&default());
    let store = &bench.portal.store;
    let admin = store.account_named(None, "admin").unwrap().unwrap();
    for what in [Edit::Delete, Edit::Disable, Edit::Roles(roles(&["member"]))] {
        let refused = bench.edit(admin.id, &what).unwrap_err();
        assert_eq!(refused.code(), "policy.last_administrator");
    }
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let place = bench.portal.url(&format!("/admin/users/{}", admin.id));
    let page = browser.get(&place);
    assert!(page.body.contains("This is the last local administrator"));

    // A second one, made on the page
    let page = browser.get(&bench.portal.url("/admin/users"));
    let page = browser.submit(&page, "/admin/administrators", &[("name", "Second")]);
    assert_eq!(page.status, 200);
    let password = page
        .body
        .split("<dt>Password</dt><dd><code>")
        .nth(1)
        .unwrap();
    let password = password.split('<').next().unwrap().to_owned();
    let mut second = Browser::new();
    let login = second.get(&bench.portal.url("/admin/login"));
    let fields = [("name", "second"), ("password", password.as_str())];
    let page = second.submit(&login, "/admin/login", &fields);
    assert_eq!(page.status, 303, "{}", page.body);
    // Now the first can be demoted; its session ends, and its password is not enough
    let page = second.get(&place);
    let page = second.submit(&page, "/edit", &[("do", "disable")]);
    assert_eq!(page.status, 303);
    let page = browser.get(&bench.portal.url("/admin/sso"));
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/admin/login")
    );
    let mut again = Browser::new();
    let page = again.sign_in_admin(&bench.portal);
    assert!(page.body.contains("Name or password is wrong"));
    let last = store.account_named(None, "second").unwrap().unwrap();
    let refused = bench.edit(last.id, &Edit::Delete).unwrap_err();
    assert_eq!(refused.code(), "policy.last_administrator");

    // Whatever is broken
    let name = NAME.parse().unwrap();
    store
        .change_connection(&name, now(), |record| {
            record.source = idp_config::IdpSource::MetadataXml {
                xml: "<broken".to_owned(),
                entity_id: None,
            };
            Ok::<(), sso_store::DbError>(())
        })
        .unwrap();
    let login = again.get(&bench.portal.url("/admin/login"));
    let page = again.submit(&login, "/admin/login", &fields);
    let page = again.rest_of(page);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Single sign-on"));
    let page = again.get(&bench.portal.url("/admin/sso/connection/example"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Not usable"), "{}", page.body);
}

#[test]
fn a_first_login_gives_roles_by_the_groups_of_its_attribute() {
    let bench = Bench::new(&PolicyChange {
        groups_require: list(&["staff"]),
        roles_by_group: list(&["boss = admin"]),
        default_roles: list(&["member"]),
        ..default()
    });
    connections::change(
        &bench.portal.store,
        NAME,
        Actor::CommandLine,
        now(),
        |record| {
            record.settings.groups_attribute = Some("groups".to_owned());
            Ok(())
        },
    )
    .unwrap();
    let come = |groups: &[&str]| {
        let mut who = User::example();
        let groups = groups.iter().map(ToString::to_string).collect();
        who.attributes = vec![("groups".to_owned(), groups)];
        bench.sign_in_as(&who).0
    };
    assert_eq!(come(&["other"]), 403);
    assert_eq!(bench.named(ALICE), None);
    assert_eq!(come(&["staff"]), 303);
    let account = bench.named(ALICE).unwrap();
    assert_eq!(account.roles, roles(&["member"]));
    assert_eq!(account.provisioned_by, ProvisionedBy::Login);
    assert_eq!(come(&["staff", "boss"]), 303);
    assert_eq!(bench.named(ALICE).unwrap().roles, roles(&["admin"]));
    assert_eq!(come(&[]), 403);
    // SCIM later: the same user, whose groups are still the login's
    let id = bench.user(ALICE);
    let linked = bench.account(&id);
    assert_eq!(linked.id, account.id);
    assert_eq!(linked.status, AccountStatus::Active);
    assert_eq!(linked.roles, roles(&["admin"]));
    assert_eq!(linked.provisioned_by, ProvisionedBy::Scim);
}

#[test]
fn a_login_makes_nobody_where_that_is_off() {
    let bench = Bench::new(&PolicyChange {
        create_on_first_login: Some(false),
        ..default()
    });
    assert_eq!(bench.sign_in().0, 403);
    let log = bench.portal.last_log();
    assert_eq!(log.code.as_deref(), Some("policy.creation_off"));
    bench.user(ALICE);
    assert_eq!(bench.sign_in().0, 303);
}

#[test]
fn a_policy_that_is_changed_on_the_page_decides_again() {
    let bench = Bench::new(&default());
    let id = bench.user(ALICE);
    bench.group("Boss", &[&id]);
    assert_eq!(bench.account(&id).roles, roles(&[]));
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let place = bench.portal.url("/admin/sso/connection/example");
    let page = browser.get(&place);
    let fill = |lines: &'static str| {
        [
            ("roles_by_group", lines),
            ("groups_include", "*"),
            ("deprovision", "delete"),
            ("create_by_scim", "yes"),
        ]
    };
    let done = browser.submit(&page, "/policy", &fill("bo* = admin"));
    assert_eq!(done.status, 303);
    assert_eq!(bench.account(&id).roles, roles(&["admin"]));
    let page = browser.get(&place);
    assert!(
        page.body.contains("bo* = admin</textarea>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("<option value=\"delete\" selected"));
    let wrong = browser.submit(&page, "/policy", &fill("bo*"));
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("GROUP=ROLE"));
    assert_eq!(bench.account(&id).roles, roles(&["admin"]));
}

#[test]
fn a_large_group_costs_what_is_touched() {
    let bench = Bench::new(&default());
    let ids: Vec<String> = (0..300)
        .map(|n| bench.user(&format!("u{n}@x.test")))
        .collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let group = bench.group("All", &all);
    let entries = || bench.portal.store.log(None, 10_000).unwrap().len();
    let before = entries();
    bench.leave(&group, &ids[0]);
    assert_eq!(entries() - before, 1, "one user was decided again");
    assert!(bench.account(&ids[0]).groups.is_empty());
    assert_eq!(bench.account(&ids[1]).groups, ["All"]);
    let rename = json!({"op": "replace", "path": "displayName", "value": "Everybody"});
    assert_eq!(bench.patch(&format!("/Groups/{group}"), &rename).0, 204);
    assert_eq!(bench.account(&ids[299]).groups, ["Everybody"]);
}

#[test]
fn the_users_page_says_what_is_known() {
    let bench = Bench::new(&PolicyChange {
        roles_by_group: list(&["Boss = chief"]),
        ..default()
    });
    let id = bench.user(ALICE);
    bench.group("Boss", &[&id]);
    bench.user("bob@example.test");
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let page = browser.get(&bench.portal.url("/admin/users"));
    for shown in [
        ALICE,
        "bob@example.test",
        "chief",
        "Boss",
        "locked",
        "scim",
        ">admin<",
    ] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
    let page = browser.get(&bench.portal.url("/admin/users?user=bob@example.test"));
    assert!(page.body.contains("bob@example.test") && !page.body.contains(ALICE));
    let number = bench.account(&id).id;
    let page = browser.get(&bench.portal.url(&format!("/admin/users/{number}")));
    assert!(page.body.contains("chief"));
    assert_eq!(
        browser.get(&bench.portal.url("/admin/users/4711")).status,
        404
    );
}

#[test]
fn a_connection_with_users_is_not_removed_by_accident_and_its_tokens_die() {
    let bench = Bench::new(&default());
    let id = bench.user(ALICE);
    bench.sign_in();
    let store = &bench.portal.store;
    let remove = |users| connections::remove(store, NAME, users, Actor::CommandLine, now());
    assert_eq!(
        remove(Users::Refuse).unwrap_err().code(),
        "connection.has_users"
    );
    let mut browser = Browser::new();
    browser.sign_in_admin(&bench.portal);
    let place = bench.portal.url("/admin/sso/connection/example");
    let page = browser.get(&place);
    let page = browser.submit(&page, "/remove", &[]);
    assert_eq!(page.status, 409);
    assert!(page.body.contains("connection.has_users"));
    assert_eq!(bench.scim.send("GET", "/Users", &Value::Null).0, 200);

    remove(Users::Keep).unwrap();
    assert_eq!(bench.scim.send("GET", "/Users", &Value::Null).0, 401);
    assert_eq!(bench.account(&id).name, ALICE);
    // Back under its name: the users are there, the token is not
    bench.portal.connect(NAME, &bench.idp);
    assert_eq!(bench.scim.send("GET", "/Users", &Value::Null).0, 401);
    assert_eq!(bench.sign_in().0, 303);

    remove(Users::Remove).unwrap();
    assert!(store.users().unwrap().is_empty());
    assert!(store.accounts(Some(NAME), 0, 10).unwrap().is_empty());
    bench.portal.connect(NAME, &bench.idp);
    let scim = Client::of(&bench.portal, NAME, Scopes::all());
    let (_, all) = scim.send("GET", "/Users", &Value::Null);
    assert_eq!(all["totalResults"], 0);
    assert_eq!(scim.send("POST", "/Users", &user(ALICE)).0, 201);
}
