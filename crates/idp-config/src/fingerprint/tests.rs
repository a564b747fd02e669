use super::Sha256Fingerprint;

// What is accepted and refused is in tests/vectors/fingerprint.

#[test]
fn it_is_shown_as_openssl_shows_it_and_read_back() {
    let mut bytes = [0; 32];
    for (byte, n) in bytes.iter_mut().zip(0u8..) {
        *byte = n * 8;
    }
    let fingerprint = Sha256Fingerprint::from_bytes(bytes);
    let shown = fingerprint.to_string();
    assert!(
        shown.starts_with("00:08:10:18:") && shown.ends_with(":F0:F8"),
        "{shown}"
    );
    assert_eq!(shown.parse::<Sha256Fingerprint>().unwrap(), fingerprint);
    assert_eq!(fingerprint.as_bytes(), &bytes);
    assert_eq!(
        format!("{fingerprint:?}"),
        format!("Sha256Fingerprint({shown})")
    );
}

#[test]
fn hints_give_the_right_command() {
    let command = "openssl x509 -in idp.crt -noout -sha256 -fingerprint";
    for text in [
        "ab".repeat(20),
        "-----BEGIN CERTIFICATE-----".to_owned(),
        "x".to_owned(),
    ] {
        let error = text.parse::<Sha256Fingerprint>().unwrap_err();
        assert!(error.hint().contains(command), "{error}");
    }
}

#[test]
fn an_error_counts_bytes_and_does_not_repeat_them() {
    let error = "ab".repeat(16).parse::<Sha256Fingerprint>().unwrap_err();
    assert_eq!(error.expected_value(), Some("32 bytes in hexadecimal"));
    assert_eq!(error.actual_value(), Some("16 bytes"));
}

#[test]
fn json_accepts_what_typing_accepts() {
    let line = format!("\"SHA256 Fingerprint={}\"", vec!["aB"; 32].join(":"));
    let read: Sha256Fingerprint = serde_json::from_str(&line).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        format!("\"{}\"", vec!["AB"; 32].join(":"))
    );
    let error = serde_json::from_str::<Sha256Fingerprint>(&format!("{:?}", "ab".repeat(20)));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("config.fingerprint_sha1")
    );
}
