//! `xs:dateTime`, in the profile of SAML Core §1.3.3.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::{ScalarError, ScalarErrorKind};

/// Reads an `xs:dateTime`.
///
/// The form is `YYYY-MM-DDThh:mm:ss`, up to nine digits of fraction, and a time zone. SAML Core
/// §1.3.3 says that times are UTC "with no time zone component"; identity providers send `Z`, and
/// a few an offset, so a zone is required here: a time that does not say where it is from is
/// refused. Leap seconds, `24:00:00`, years of other than four digits, lower-case `t` and `z`, and
/// surrounding white space are refused too.
///
/// # Errors
///
/// `scalar.date_time`.
///
/// ```
/// use saml_xml::types::parse_date_time;
///
/// assert_eq!(parse_date_time("2026-11-23T17:20:30Z").unwrap().unix_timestamp(), 1_795_454_430);
/// assert_eq!(parse_date_time("2026-11-23T17:20:30").unwrap_err().code(), "scalar.date_time");
/// ```
pub fn parse_date_time(text: &str) -> Result<OffsetDateTime, ScalarError> {
    read(text).ok_or(ScalarError::new(ScalarErrorKind::DateTime))
}

fn read(text: &str) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = read_date(date.as_bytes())?;
    let rest = rest.strip_prefix('T')?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock.as_bytes() else {
        return None;
    };
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, zone) = rest.split_at_checked(length)?;
            (nanoseconds(digits)?, zone)
        }
    };
    let time = Time::from_hms_nano(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, fraction).ok()?;
    // An offset can lead out of the calendar
    date.with_time(time)
        .assume_offset(read_zone(zone)?)
        .checked_to_offset(UtcOffset::UTC)
}

fn read_date(date: &[u8]) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else {
        return None;
    };
    let year = i32::from(two(y1, y2)?) * 100 + i32::from(two(y3, y4)?);
    let month = Month::try_from(two(m1, m2)?).ok()?;
    // Year 0000 does not exist in XML Schema 1.0, and offsets must not lead out of range
    if year == 0 {
        return None;
    }
    Date::from_calendar_date(year, month, two(d1, d2)?).ok()
}

fn nanoseconds(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let scale = 10u32.checked_pow(u32::try_from(9 - digits.len()).ok()?)?;
    digits.parse::<u32>().ok()?.checked_mul(scale)
}

/// XML Schema Part 2 §3.2.7.3: `Z`, or an offset of at most 14:00.
fn read_zone(zone: &str) -> Option<UtcOffset> {
    let (sign, h1, h2, m1, m2) = match zone.as_bytes() {
        b"Z" => return Some(UtcOffset::UTC),
        &[b'+', h1, h2, b':', m1, m2] => (1i8, h1, h2, m1, m2),
        &[b'-', h1, h2, b':', m1, m2] => (-1i8, h1, h2, m1, m2),
        _ => return None,
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    if minutes > 59 || u16::from(hours) * 60 + u16::from(minutes) > 14 * 60 {
        return None;
    }
    let signed = |n: u8| i8::try_from(n).ok()?.checked_mul(sign);
    UtcOffset::from_hms(signed(hours)?, signed(minutes)?, 0).ok()
}

fn two(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// Writes an `xs:dateTime` in UTC, with milliseconds where there are any.
///
/// ```
/// use saml_xml::types::{format_date_time, parse_date_time};
///
/// let time = parse_date_time("2026-11-23T18:20:30.5+01:00").unwrap();
/// assert_eq!(format_date_time(time), "2026-11-23T17:20:30.500Z");
/// ```
#[must_use]
pub fn format_date_time(time: OffsetDateTime) -> String {
    let t = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
    let (year, month, day) = (t.year(), u8::from(t.month()), t.day());
    let (hour, minute, second) = t.to_hms();
    let fraction = match t.millisecond() {
        0 => String::new(),
        ms => format!(".{ms:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}
