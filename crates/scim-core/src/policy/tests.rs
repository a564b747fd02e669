use super::*;

fn user(name: &str, connection: Option<&str>) -> LocalUser {
    LocalUser {
        id: ResourceId::new(format!("id-{name}")),
        user_name: name.to_owned(),
        active: true,
        roles: BTreeSet::from(["admin".to_owned()]),
        connection: connection.map(ConnectionId::new),
    }
}

fn decide(
    policy: &ProvisioningPolicy,
    arrival: Arrival,
    active: bool,
    groups: Option<&[&str]>,
    known: &Known<'_>,
) -> Decision {
    let groups = groups.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>());
    let connection = ConnectionId::new("c");
    let incoming = Incoming {
        arrival,
        connection: &connection,
        user_name: "ann",
        active,
        groups: groups.as_deref(),
    };
    policy.decide(&incoming, known)
}

fn known<'a>(linked: Option<&'a LocalUser>, named: Option<&'a LocalUser>) -> Known<'a> {
    Known {
        linked,
        named,
        tombstone: None,
        local_administrators: 1,
    }
}

#[test]
fn patterns_have_stars_and_no_case() {
    let fits = |pattern: &str, name: &str| GroupPattern::new(pattern).matches(name);
    assert!(
        fits("*", "")
            && fits("app-*", "APP-x")
            && fits("*-admins", "App-Admins")
            && fits("a*b*c", "a1b2b3c")
    );
    assert!(
        !fits("app", "app-x")
            && !fits("a*b*c", "acb")
            && !fits("ab*ba", "aba")
            && !fits("x*", "ax")
    );
}

#[test]
fn groups_decide_who_comes_in_and_with_which_roles() {
    let policy = ProvisioningPolicy {
        groups_include: vec![GroupPattern::new("app-*")],
        groups_exclude: vec![GroupPattern::new("*-test")],
        groups_require: vec![GroupPattern::new("app-users")],
        roles_by_group: vec![
            (GroupPattern::new("app-admins"), "admin".into()),
            (GroupPattern::new("*"), "member".into()),
        ],
        default_roles: vec!["guest".into()],
        ..ProvisioningPolicy::default()
    };
    let nobody = Known::default();
    let come = |groups| decide(&policy, Arrival::Login, true, groups, &nobody);
    assert_eq!(
        come(Some(&["other"])),
        Decision::Deny(Denial::RequiredGroup)
    );
    assert_eq!(come(None), Decision::Deny(Denial::RequiredGroup));
    let Decision::Create { roles, groups } =
        come(Some(&["APP-users", "app-admins", "app-test", "hr"]))
    else {
        panic!()
    };
    assert_eq!(
        (roles.len(), groups),
        (2, vec!["APP-users".to_owned(), "app-admins".to_owned()])
    );
    assert_eq!(policy.roles(&[]), BTreeSet::from(["guest".to_owned()]));
    let ann = user("ann", Some("c"));
    let gone = decide(
        &policy,
        Arrival::Scim,
        true,
        Some(&["hr"]),
        &known(Some(&ann), None),
    );
    assert_eq!(gone, Decision::Disable(ann.id.clone()));
    assert!(matches!(
        decide(&policy, Arrival::Scim, true, None, &known(Some(&ann), None)),
        Decision::Update { roles: None, .. }
    ));
}

#[test]
fn a_rename_follows_the_link_and_makes_no_second_user() {
    let policy = ProvisioningPolicy::default();
    let old = user("anna", Some("c"));
    let Decision::Update { id, rename, .. } = decide(
        &policy,
        Arrival::Login,
        true,
        None,
        &known(Some(&old), None),
    ) else {
        panic!()
    };
    assert_eq!((id, rename.as_deref()), (old.id.clone(), Some("ann")));
    let other = user("ann", Some("c"));
    assert_eq!(
        decide(
            &policy,
            Arrival::Scim,
            true,
            None,
            &known(Some(&old), Some(&other))
        ),
        Decision::Deny(Denial::NameTaken)
    );
    assert_eq!(
        decide(
            &policy,
            Arrival::Scim,
            true,
            None,
            &known(None, Some(&other))
        ),
        Decision::Deny(Denial::NameTaken)
    );
}

#[test]
fn a_local_user_is_not_taken_over_by_its_name() {
    let local = user("ann", None);
    let mut policy = ProvisioningPolicy::default();
    let mut facts = known(None, Some(&local));
    assert_eq!(
        decide(&policy, Arrival::Login, true, None, &facts),
        Decision::Deny(Denial::NameTaken)
    );
    policy.adopt_local_users = true;
    assert_eq!(
        decide(&policy, Arrival::Login, true, None, &facts),
        Decision::Deny(Denial::LastAdministrator)
    );
    facts.local_administrators = 2;
    assert!(matches!(
        decide(&policy, Arrival::Login, true, None, &facts),
        Decision::Update { adopt: true, .. }
    ));
}

#[test]
fn the_tombstone_wins() {
    let policy = ProvisioningPolicy::default();
    let come = |arrival, by| {
        decide(
            &policy,
            arrival,
            true,
            None,
            &Known {
                tombstone: Some(by),
                ..Known::default()
            },
        )
    };
    let denied = Decision::Deny(Denial::Tombstone);
    assert_eq!(come(Arrival::Login, DeletedBy::Administrator), denied);
    assert_eq!(come(Arrival::Scim, DeletedBy::Administrator), denied);
    assert_eq!(come(Arrival::Login, DeletedBy::IdentityProvider), denied);
    assert!(matches!(
        come(Arrival::Scim, DeletedBy::IdentityProvider),
        Decision::Create { .. }
    ));
}

#[test]
fn leaving_disables_deletes_or_does_nothing() {
    let ann = user("ann", Some("c"));
    let leave = |deprovision| {
        let policy = ProvisioningPolicy {
            deprovision,
            ..ProvisioningPolicy::default()
        };
        decide(
            &policy,
            Arrival::Scim,
            false,
            None,
            &known(Some(&ann), None),
        )
    };
    assert_eq!(
        leave(Deprovision::Disable),
        Decision::Disable(ann.id.clone())
    );
    assert_eq!(leave(Deprovision::Delete), Decision::Delete(ann.id.clone()));
    assert_eq!(leave(Deprovision::None), Decision::Nothing);
    let policy = ProvisioningPolicy::default();
    assert_eq!(
        decide(&policy, Arrival::Scim, false, None, &Known::default()),
        Decision::Nothing
    );
    let local = user("ann", None);
    assert_eq!(
        decide(
            &policy,
            Arrival::Scim,
            false,
            None,
            &known(Some(&local), None)
        ),
        Decision::Deny(Denial::LastAdministrator)
    );
}

#[test]
fn only_scim_brings_a_deactivated_user_back() {
    let policy = ProvisioningPolicy::default();
    let ann = LocalUser {
        active: false,
        ..user("ann", Some("c"))
    };
    assert_eq!(
        decide(
            &policy,
            Arrival::Login,
            true,
            None,
            &known(Some(&ann), None)
        ),
        Decision::Deny(Denial::Deactivated)
    );
    assert!(matches!(
        decide(&policy, Arrival::Scim, true, None, &known(Some(&ann), None)),
        Decision::Update { activate: true, .. }
    ));
}

#[test]
fn creation_can_be_off_and_provisioned_users_are_locked() {
    let policy = ProvisioningPolicy {
        create_on_first_login: false,
        ..ProvisioningPolicy::default()
    };
    assert_eq!(
        decide(&policy, Arrival::Login, true, None, &Known::default()),
        Decision::Deny(Denial::CreationOff)
    );
    assert!(
        !policy.may_edit_locally(&user("ann", Some("c")))
            && policy.may_edit_locally(&user("bob", None))
    );
}

#[test]
fn scim_may_bring_a_user_before_the_groups_but_not_against_the_policy() {
    let mut policy = ProvisioningPolicy {
        groups_require: vec![GroupPattern::new("staff")],
        ..ProvisioningPolicy::default()
    };
    let nobody = Known::default();
    let come =
        |policy: &ProvisioningPolicy, groups| decide(policy, Arrival::Scim, true, groups, &nobody);
    assert_eq!(come(&policy, Some(&[])), Decision::Wait);
    assert_eq!(come(&policy, None), Decision::Wait);
    assert!(matches!(
        come(&policy, Some(&["Staff"])),
        Decision::Create { .. }
    ));
    policy.create_by_scim = false;
    assert_eq!(
        come(&policy, Some(&[])),
        Decision::Deny(Denial::CreationOff)
    );
    policy.adopt_local_users = true;
    let local = user("ann", None);
    let facts = Known {
        local_administrators: 2,
        ..known(None, Some(&local))
    };
    assert_eq!(
        decide(&policy, Arrival::Scim, true, Some(&[]), &facts),
        Decision::Wait,
        "nobody is adopted who is not let in"
    );
}

#[test]
fn local_edits_are_for_users_who_are_not_locked_and_not_the_last_administrator() {
    let policy = ProvisioningPolicy::default();
    let (theirs, ours) = (user("ann", Some("c")), user("bob", None));
    let member = BTreeSet::from(["member".to_owned()]);
    assert_eq!(policy.edit_locally(&theirs, None, 5), Err(Denial::Locked));
    assert_eq!(
        policy.edit_locally(&ours, None, 1),
        Err(Denial::LastAdministrator)
    );
    assert_eq!(
        policy.edit_locally(&ours, Some(&member), 1),
        Err(Denial::LastAdministrator)
    );
    assert_eq!(policy.edit_locally(&ours, Some(&ours.roles), 1), Ok(()));
    assert_eq!(policy.edit_locally(&ours, None, 2), Ok(()));
    let open = ProvisioningPolicy {
        lock_provisioned: false,
        ..ProvisioningPolicy::default()
    };
    assert_eq!(open.edit_locally(&theirs, None, 1), Ok(()));
}
