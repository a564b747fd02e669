use super::*;

#[test]
fn presets_have_names_and_differ_from_strict() {
    for preset in Preset::ALL {
        assert_eq!(
            Preset::from_name(&preset.as_str().to_uppercase()),
            Some(*preset)
        );
        let text = serde_json::to_string(&preset.dialect()).unwrap();
        assert_eq!(
            serde_json::from_str::<Dialect>(&text).unwrap(),
            preset.dialect()
        );
    }
    assert_ne!(Preset::Strict.dialect(), Dialect::default());
    assert_eq!(
        Preset::JumpCloud.dialect().on_inactive_conflict,
        OnInactiveConflict::Revive
    );
}

#[test]
fn suggests_from_marks_only() {
    assert_eq!(
        suggest(Some("Okta SCIM Client 1.0.0"), None, b""),
        Some(Preset::Okta)
    );
    assert_eq!(
        suggest(None, Some("aadOptscim062020"), b""),
        Some(Preset::Entra)
    );
    assert_eq!(
        suggest(None, None, br#"{"externalId":"5f1e2d3c4b5a69788796a5b4"}"#),
        Some(Preset::JumpCloud)
    );
    assert_eq!(
        suggest(Some("curl/8"), None, br#"{"externalId":"a"}"#),
        None
    );
}
