use super::*;

#[test]
fn refuses_what_is_no_json_too_deep_or_said_twice() {
    let code = |text: &str| parse(text.as_bytes(), 3).map_err(|e| e.code());
    assert_eq!(code("{").unwrap_err(), "json.syntax");
    assert_eq!(code("{} {}").unwrap_err(), "json.syntax");
    assert_eq!(code(r#""\ud800""#).unwrap_err(), "json.syntax");
    assert_eq!(code("[[[[]]]]").unwrap_err(), "json.depth");
    assert_eq!(
        parse("[".repeat(100_000).as_bytes(), 1_000_000)
            .unwrap_err()
            .code(),
        "json.depth"
    );
    assert_eq!(
        code(r#"{"userName":"a","USERNAME":"b"}"#).unwrap_err(),
        "json.duplicate_member"
    );
    assert_eq!(
        code(r#"[[["\ud83d\ude00", 9223372036854775807]]]"#),
        Ok(serde_json::json!([[["😀", i64::MAX]]]))
    );
}
