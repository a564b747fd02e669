//! The command line, as a script uses it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Output};

use sso_testkit::{FakeIdp, Preset};

const FINGERPRINT: &str = "5d4f2a97096c1aba0e6ae4696b2112a35d4f2a97096c1aba0e6ae4696b2112a3";

fn portal(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portal"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

fn ok(folder: &Path, args: &[&str]) -> String {
    let output = portal(folder, args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn fails(folder: &Path, args: &[&str], exit: i32, says: &str) {
    let output = portal(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {stderr}");
    assert!(stderr.contains(says), "{args:?}: {stderr}");
}

#[test]
fn connections_are_managed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let metadata = here.join("idp.xml");
    std::fs::write(&metadata, FakeIdp::preset(Preset::JumpCloud).metadata_xml()).unwrap();
    ok(
        here,
        &[
            "connection",
            "add",
            "JumpCloud",
            "--label",
            "JumpCloud",
            "--metadata-xml",
            "idp.xml",
            "--preset",
            "jumpcloud",
        ],
    );
    ok(
        here,
        &[
            "connection",
            "add",
            "acme",
            "--label",
            "Acme",
            "--fingerprint",
            FINGERPRINT,
            "--idp-entity-id",
            "Acme IdP",
            "--sso-url",
            "https://sso.example/saml2",
            "--slo-url",
            "https://sso.example/slo",
        ],
    );
    assert!(here.join("portal.db").exists(), "the default database");
    let list = ok(here, &["connection", "list"]);
    assert!(
        list.contains("jumpcloud") && list.contains("Acme IdP"),
        "{list}"
    );
    let shown = ok(here, &["connection", "show", "acme"]);
    assert!(
        shown.contains("5D:4F:2A") && shown.contains("https://sso.example/slo"),
        "{shown}"
    );
    let set = ok(
        here,
        &[
            "connection",
            "set",
            "acme",
            "--allow-unsolicited",
            "true",
            "--signed-part",
            "both",
            "--request-binding",
            "post",
            "--label",
            "ACME Inc",
        ],
    );
    for part in ["ACME Inc", "both", "post", "true"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    ok(here, &["connection", "remove", "acme"]);
    fails(
        here,
        &["connection", "show", "acme"],
        1,
        "connection.not_found",
    );
    fails(
        here,
        &["connection", "remove", "acme"],
        1,
        "connection.not_found",
    );
    fails(
        here,
        &["connection", "set", "acme", "--label", "x"],
        1,
        "connection.not_found",
    );
    let logs = ok(here, &["logs", "--json"]);
    let events: Vec<String> = logs
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["event"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        events,
        [
            "connection.added",
            "connection.added",
            "connection.changed",
            "connection.removed"
        ]
    );
    assert!(ok(here, &["user", "list"]).contains("NAMEID"));
}

#[test]
fn what_is_wrong_is_said_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let add = |rest: &[&'static str]| [&["connection", "add", "a", "--label", "A"], rest].concat();
    fails(
        here,
        &add(&["--metadata-url", "http://idp.example/metadata"]),
        1,
        "config.url_plain_http",
    );
    fails(
        here,
        &add(&["--metadata-url", "http://127.0.0.1:1/metadata"]),
        1,
        "fetch.connect",
    );
    fails(
        here,
        &[
            &["--base-url", "https://sso.example"],
            &*add(&["--metadata-url", "http://127.0.0.1:1/m"]),
        ]
        .concat(),
        1,
        "fetch.scheme",
    );
    fails(here, &add(&[]), 2, "--metadata-xml");
    fails(here, &add(&["--fingerprint", FINGERPRINT]), 2, "--sso-url");
    fails(here, &add(&["--metadata-xml", "none.xml"]), 1, "none.xml");
    fails(
        here,
        &add(&[
            "--fingerprint",
            "5d",
            "--idp-entity-id",
            "x",
            "--sso-url",
            "https://a.example/",
        ]),
        1,
        "config.fingerprint_malformed",
    );
    fails(
        here,
        &add(&[
            "--fingerprint",
            FINGERPRINT,
            "--idp-entity-id",
            "x",
            "--sso-url",
            "https://a.example/",
            "--preset",
            "none",
        ]),
        1,
        "connection.preset",
    );
    fails(
        here,
        &[
            "--database",
            "postgres://u:secret@127.0.0.1:1/x",
            "connection",
            "list",
        ],
        1,
        "store.open_failed",
    );
    fails(
        here,
        &["--database", "mysql:x", "connection", "list"],
        2,
        "sqlite:PATH",
    );
    fails(
        here,
        &[
            "--database",
            "sqlite:no/such/folder/x.db",
            "connection",
            "list",
        ],
        1,
        "store.open_failed",
    );
    fails(
        here,
        &[
            "--base-url",
            "https://host/path",
            "--listen",
            "127.0.0.1:0",
            "--dev-idp",
            "off",
        ],
        2,
        "--base-url",
    );
    assert_eq!(
        ok(here, &["connection", "list"]).lines().count(),
        1,
        "nothing was added"
    );
}

#[test]
fn the_secret_in_a_database_url_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let output = portal(
        folder.path(),
        &[
            "--database",
            "postgres://u:secret@127.0.0.1:1/x",
            "connection",
            "list",
        ],
    );
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
}

#[test]
fn the_administrator_password_can_be_reset() {
    let folder = tempfile::tempdir().unwrap();
    let first = ok(folder.path(), &["admin", "reset-password"]);
    let second = ok(folder.path(), &["admin", "reset-password"]);
    assert_eq!((first.trim().len(), second.trim().len()), (24, 24));
    assert_ne!(first, second);
}

#[test]
fn users_and_groups_move_as_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let sha256 = "ab".repeat(32);
    for name in ["old", "new"] {
        ok(
            here,
            &[
                "connection",
                "add",
                name,
                "--label",
                "A",
                "--fingerprint",
                &sha256,
                "--idp-entity-id",
                "urn:idp",
                "--sso-url",
                "https://idp.example.test/sso",
            ],
        );
    }
    let line = |kind: &str, id: &str, document: &str, members: &[&str]| {
        serde_json::json!({
            "resource_type": kind, "id": id, "version": 3, "created": 1_764_000_000_000_000_000_i64,
            "last_modified": 1_764_000_001_000_000_000_i64, "document": document, "members": members,
        })
        .to_string()
    };
    let lines = [
        line(
            "Group",
            "g1",
            r#"{"urn:ietf:params:scim:schemas:core:2.0:Group:displayName":"Staff"}"#,
            &["u1"],
        ),
        line(
            "User",
            "u1",
            r#"{"urn:ietf:params:scim:schemas:core:2.0:User:userName":"ada"}"#,
            &[],
        ),
    ];
    let file = here.join("in.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(
        ok(here, &["scim", "import", "old", file]),
        "2 written, 0 there before.\n"
    );
    assert_eq!(
        ok(here, &["scim", "import", "old", file]),
        "0 written, 2 there before.\n"
    );

    let exported = ok(here, &["scim", "export", "old"]);
    assert_eq!(exported.lines().count(), 2);
    assert!(exported.contains("\"members\":[\"u1\"]"), "{exported}");
    let again = here.join("out.jsonl");
    std::fs::write(&again, &exported).unwrap();
    ok(here, &["scim", "import", "new", again.to_str().unwrap()]);
    assert_eq!(ok(here, &["scim", "export", "new"]), exported);
    assert!(ok(here, &["user", "list"]).contains("ada"));

    std::fs::write(&again, "nonsense\n").unwrap();
    fails(
        here,
        &["scim", "import", "new", again.to_str().unwrap()],
        1,
        "line 1: transfer.malformed",
    );
}

#[test]
fn users_roles_and_the_policy_are_managed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let add = |name: &str| {
        let trust = ["--fingerprint", FINGERPRINT, "--idp-entity-id", "idp"];
        let mut args = vec!["connection", "add", name, "--label", "Acme"];
        args.extend(trust);
        args.extend(["--sso-url", "https://idp.example.test/sso"]);
        ok(here, &args)
    };
    add("acme");
    let line = |kind: &str, id: &str, name: &str, value: &str, members: &[&str]| {
        let urn = format!("urn:ietf:params:scim:schemas:core:2.0:{kind}:{name}");
        serde_json::json!({
            "resource_type": kind, "id": id, "version": 1, "created": 1_764_000_000_000_000_000_i64,
            "last_modified": 1_764_000_000_000_000_000_i64,
            "document": serde_json::json!({ urn: value }).to_string(), "members": members,
        })
        .to_string()
    };
    let lines = [
        line("User", "u1", "userName", "ada", &[]),
        line("Group", "g1", "displayName", "Staff", &["u1"]),
    ];
    std::fs::write(here.join("in.jsonl"), lines.join("\n")).unwrap();
    ok(here, &["scim", "import", "acme", "in.jsonl"]);
    let list = ok(here, &["user", "list"]);
    let row = |list: &str, name: &str| {
        let row = list.lines().find(|line| line.contains(name));
        row.unwrap_or_else(|| panic!("{name} in {list}")).to_owned()
    };
    assert!(row(&list, "ada").contains("active") && row(&list, "ada").contains("locked"));

    let set = ok(
        here,
        &[
            "connection",
            "set",
            "acme",
            "--role",
            "Staff=member",
            "--role",
            "Boss*=admin",
            "--groups-exclude",
            "x-*",
            "--deprovision",
            "delete",
            "--adopt-local-users",
            "false",
        ],
    );
    assert!(set.contains("1 changed"), "{set}");
    let list = ok(here, &["user", "list"]);
    assert!(row(&list, "ada").contains("member"), "{list}");
    fails(
        here,
        &["connection", "set", "acme", "--role", "Staff"],
        1,
        "GROUP=ROLE",
    );
    fails(
        here,
        &["connection", "set", "acme", "--deprovision", "x"],
        1,
        "connection.setting",
    );
    fails(here, &["user", "delete", "ada"], 1, "policy.locked");
    fails(here, &["user", "delete", "nobody"], 1, "user.not_found");

    ok(
        here,
        &["connection", "set", "acme", "--lock-users", "false"],
    );
    let done = ok(here, &["user", "roles", "ada", "auditor"]);
    assert!(done.contains("roles: auditor"), "{done}");
    ok(here, &["user", "disable", "ada", "--connection", "acme"]);
    ok(here, &["user", "enable", "ada"]);
    ok(here, &["user", "delete", "ada"]);
    assert!(row(&ok(here, &["user", "list"]), "ada").contains("deleted"));
    assert!(ok(here, &["user", "restore", "ada"]).contains("is active"));

    let password = ok(here, &["admin", "add", "Root"]);
    assert!(password.trim().len() >= 20, "{password}");
    fails(
        here,
        &["admin", "add", "root"],
        1,
        "local user of that name",
    );
    fails(
        here,
        &["user", "disable", "root"],
        1,
        "policy.last_administrator",
    );
    ok(here, &["admin", "add", "second"]);
    ok(here, &["user", "delete", "root"]);

    let logs = ok(here, &["logs", "--json", "--user", "ada", "--limit", "100"]);
    let events: Vec<String> = logs
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected = [
        "user.created",
        "user.changed",
        "user.refused",
        "user.changed",
        "user.disabled",
        "user.enabled",
        "user.deleted",
        "user.restored",
    ];
    assert_eq!(events, expected);
    let refused = ok(
        here,
        &[
            "logs",
            "--refused",
            "--code",
            "policy.locked",
            "--connection",
            "acme",
        ],
    );
    assert_eq!(refused.matches("user.refused").count(), 1, "{refused}");
    assert_eq!(ok(here, &["logs", "--until", "2020-01-01"]), "");
    fails(here, &["logs", "--since", "yesterday"], 2, "2026-01-31");

    fails(here, &["connection", "remove", "acme"], 1, "--with-users");
    ok(here, &["connection", "remove", "acme", "--keep-users"]);
    assert!(ok(here, &["user", "list"]).contains("ada"));
    add("acme");
    ok(here, &["connection", "remove", "acme", "--with-users"]);
    assert!(!ok(here, &["user", "list"]).contains("ada"));
}
