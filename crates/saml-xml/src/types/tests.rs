use super::*;

#[test]
fn date_times_of_the_saml_profile_are_read() {
    for (text, unix, nanosecond) in [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2026-11-23T17:20:30Z", 1_795_454_430, 0),
        ("2026-11-23T17:20:30.5Z", 1_795_454_430, 500_000_000),
        ("2026-11-23T17:20:30.1234567Z", 1_795_454_430, 123_456_700),
        ("2026-11-23T18:20:30+01:00", 1_795_454_430, 0),
        ("2026-11-23T03:20:30-14:00", 1_795_454_430, 0),
        ("1969-12-31T23:59:59Z", -1, 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
    ] {
        let time = parse_date_time(text).unwrap();
        assert_eq!(
            (time.unix_timestamp(), time.nanosecond()),
            (unix, nanosecond),
            "{text}"
        );
    }
}

#[test]
fn odd_date_times_are_refused() {
    for text in [
        "",
        "2026-11-23",
        "2026-11-23T17:20:30",
        "2026-11-23T17:20:30z",
        "2026-11-23t17:20:30Z",
        "2026-11-23 17:20:30Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-2026-11-23T17:20:30Z",
        "12026-11-23T17:20:30Z",
        "2026-11-23T17:20:30.Z",
        "2026-11-23T17:20:30.1234567890Z",
        "2026-11-23T17:20:30+14:01",
        "2026-11-23T17:20:30+1:00",
        "2026-11-23T17:20:30+01",
        "2026-11-23T17:20Z",
        " 2026-11-23T17:20:30Z",
        "2026-11-23T17:20:30Z ",
        "2026-11-23T17:20:30ZZ",
        "\u{662}026-11-23T17:20:30Z",
        "2026-11-23T17:20:30+01:60",
        "2026-1\u{2D}23T17:20:30Z",
    ] {
        assert_eq!(
            parse_date_time(text).map_err(|e| e.kind()),
            Err(ScalarErrorKind::DateTime),
            "{text}"
        );
    }
    // an offset that leads out of the calendar
    let late = parse_date_time("9999-12-31T23:59:59-14:00");
    assert_eq!(late.map_err(|e| e.kind()), Err(ScalarErrorKind::DateTime));
}

#[test]
fn durations_are_read_and_added() {
    for (text, months, seconds) in [
        ("P1Y", 12, 0),
        ("P1M", 1, 0),
        ("PT1M", 0, 60),
        ("P1DT1S", 0, 86_401),
        ("PT0.5S", 0, 0),
        ("P0D", 0, 0),
        ("PT604800S", 0, 604_800),
    ] {
        let duration = parse_duration(text).unwrap();
        assert_eq!(
            (duration.months(), duration.seconds()),
            (months, seconds),
            "{text}"
        );
    }
    let january = parse_date_time("2026-01-31T00:00:00Z").unwrap();
    let added = parse_duration("P1M").unwrap().add_to(january).unwrap();
    assert_eq!(format_date_time(added), "2026-02-28T00:00:00Z");
    assert_eq!(parse_duration("P300000Y").unwrap().add_to(january), None);
}

#[test]
fn odd_durations_are_refused() {
    for text in [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "-P1D",
        "P1S",
        "PT1D",
        "P1M1Y",
        "P1.5D",
        "PT.5S",
        "PT1.S",
        "P1Y ",
        "PY",
        "P99999999999999999999Y",
        "P18446744073709551615D",
        "PT1.5M",
    ] {
        assert_eq!(
            parse_duration(text).map_err(|e| e.kind()),
            Err(ScalarErrorKind::Duration),
            "{text}"
        );
    }
}

#[test]
fn base64_has_one_form() {
    assert_eq!(decode_base64("").unwrap(), b"");
    assert_eq!(decode_base64(" a G\tk\n=\r").unwrap(), b"hi");
    for text in [
        "a-_k",
        "aGk",
        "aGk==",
        "aGl=",
        "aGk=x",
        "aGk=aGk=",
        "aGk=\u{0}",
        "data:aGk=",
        "a",
        "\u{a0}aGk=",
    ] {
        assert_eq!(
            decode_base64(text).map_err(|e| e.kind()),
            Err(ScalarErrorKind::Base64),
            "{text}"
        );
    }
}

#[test]
fn identifiers_are_ncnames_of_bounded_length() {
    for text in [
        "_a",
        "A1B2",
        "a-b.c",
        "é",
        "Q".repeat(MAX_ID_BYTES).as_str(),
    ] {
        assert_eq!(parse_id(text), Ok(text));
    }
    for text in [
        "",
        "1a",
        "a b",
        "a:b",
        "a'b",
        " a",
        "a\n",
        "a[1]",
        "Q".repeat(MAX_ID_BYTES + 1).as_str(),
    ] {
        assert_eq!(
            parse_id(text).map_err(|e| e.kind()),
            Err(ScalarErrorKind::Id),
            "{text}"
        );
    }
}

#[test]
fn only_xml_white_space_is_trimmed() {
    assert_eq!(trim_xml(" \t\r\na b\n"), "a b");
    assert_eq!(trim_xml("\u{a0}a\u{3000}"), "\u{a0}a\u{3000}");
    assert!(is_absolute_uri("urn:x"));
    assert!(!is_absolute_uri("/x"));
    assert!(!is_absolute_uri("urn:"));
}
