use super::*;
use crate::reason::{AuthnRule, ConditionsRule, SubjectRule};
use saml_xml::SignatureErrorKind;

#[test]
fn the_ten_are_there_in_order_of_their_ids() {
    let ids: Vec<_> = Preset::ALL.iter().map(|preset| preset.id).collect();
    assert_eq!(
        ids,
        [
            "adfs",
            "auth0",
            "entra",
            "google",
            "jumpcloud",
            "keycloak",
            "okta",
            "onelogin",
            "ping",
            "shibboleth"
        ]
    );
    for preset in Preset::ALL {
        assert_eq!(Preset::find(preset.id), Some(*preset));
    }
    assert_eq!(Preset::find("Okta"), None);
}

#[test]
fn every_preset_names_the_fields_that_every_set_up_needs() {
    for preset in Preset::ALL {
        for setting in [
            Setting::SpEntityId,
            Setting::AcsUrl,
            Setting::Certificate,
            Setting::SignedPart,
        ] {
            assert!(
                preset.field(setting).is_some(),
                "{}: {setting:?}",
                preset.id
            );
        }
        let names: Vec<_> = preset.facts().into_iter().map(|(name, _)| name).collect();
        let mut once = names.clone();
        once.sort();
        once.dedup();
        assert_eq!(
            once.len(),
            names.len(),
            "{}: a fact stands twice",
            preset.id
        );
    }
}

#[test]
fn a_code_leads_to_the_field() {
    let hint = |preset: &str, reason: Reason| {
        let preset = Preset::find(preset).unwrap();
        preset.console_hint(reason.code()).unwrap()
    };
    let okta = hint("okta", ConditionsRule::AudienceMismatch.into());
    assert_eq!(
        okta.to_string(),
        "Okta, “Audience URI (SP Entity ID)” (Applications › the application › General › SAML Settings)"
    );
    // where a console has one field for three URLs
    let google = hint("google", SubjectRule::RecipientMismatch.into());
    assert_eq!(google.label, Some("ACS URL"));
    assert_eq!(google.setting, Setting::Recipient);
    // and its own where it has
    assert_eq!(
        hint("onelogin", SubjectRule::RecipientMismatch.into()).label,
        Some("Recipient")
    );
    assert_eq!(
        hint("auth0", SignatureErrorKind::AlgorithmWeak.into()).value,
        "\"rsa-sha256\", and \"sha256\" for “digestAlgorithm”"
    );
    // no label is made up
    let unknown = hint("jumpcloud", AuthnRule::StatementMissing.into());
    assert_eq!(unknown.label, None);
    assert_eq!(
        unknown.to_string(),
        "JumpCloud, its setting for the AuthnStatement (SSO Applications › the application › SSO)"
    );
    let jumpcloud = Preset::find("jumpcloud").unwrap();
    assert_eq!(jumpcloud.console_hint(ConditionsRule::Expired.code()), None);
}

#[test]
fn every_code_that_is_the_identity_providers_alone_and_about_a_setting_exists() {
    // a code that is renamed must be renamed here too
    let known: Vec<_> = Reason::all()
        .map(Reason::code)
        .chain(
            crate::AttributeErrorKind::ALL
                .iter()
                .map(|kind| kind.code()),
        )
        .collect();
    let mentioned: Vec<_> = include_str!("console.rs")
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            text.split_once('.').is_some_and(|(area, rule)| {
                !rule.is_empty()
                    && area
                        .bytes()
                        .chain(rule.bytes())
                        .all(|b| b.is_ascii_lowercase() || b == b'_')
            })
        })
        .collect();
    assert!(mentioned.len() > 30, "{}", mentioned.len());
    for code in mentioned {
        assert!(known.contains(&code), "{code}");
    }
}

#[test]
fn presets_are_printed_compared_and_serialised() {
    let (okta, entra) = (
        Preset::find("okta").unwrap(),
        Preset::find("entra").unwrap(),
    );
    let text = okta.to_string();
    assert!(text.starts_with("preset: okta\nproduct: Okta\n"), "{text}");
    assert!(
        text.contains("\nlogin hint: query parameter LoginHint\n"),
        "{text}"
    );
    let lines: Vec<_> = diff(okta, entra).iter().map(ToString::to_string).collect();
    assert!(
        lines.contains(&"signs\n- the Response and the Assertion\n+ the Assertion".to_owned()),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("habit: tenant_wide_issuer\n+ "))
    );
    let json = serde_json::to_value(okta).unwrap();
    assert_eq!(json["id"], "okta");
    assert_eq!(json["signs"], "both");
    assert_eq!(json["login_hint"]["query"], "LoginHint");
    assert_eq!(json["fields"][0]["setting"], "sp_entity_id");
}

#[test]
fn quirks_have_names_and_rules_of_their_own() {
    for quirk in Quirk::ALL {
        assert_eq!(Quirk::find(quirk.as_str()), Some(*quirk));
        assert_eq!(
            serde_json::to_value(quirk).unwrap(),
            quirk.as_str(),
            "one name everywhere"
        );
        assert!(Quirks::default().with(*quirk).has(*quirk));
        assert_eq!(
            Quirks::default().with(*quirk).iter().collect::<Vec<_>>(),
            [*quirk]
        );
    }
    let keycloak = Preset::find("keycloak").unwrap();
    assert_eq!(
        keycloak
            .quirk_for(AuthnRule::StatementMissing.into())
            .map(|(quirk, _)| quirk),
        Some(Quirk::MissingAuthnStatement)
    );
}
