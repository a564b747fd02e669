//! `xs:duration`: months and seconds, because a month has no length of its own.

use time::{Date, Month, OffsetDateTime};

use super::{ScalarError, ScalarErrorKind};

/// An `xs:duration` (XML Schema Part 2 §3.2.6), not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    months: u32,
    seconds: u64,
}

impl Duration {
    /// Years and months, in months.
    #[must_use]
    pub const fn months(self) -> u32 {
        self.months
    }

    /// Days, hours, minutes and whole seconds, in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// Adds the duration to a time: months first, the day held within the month (XML Schema
    /// Part 2, appendix E), then the seconds. `None` when the result is out of range.
    #[must_use]
    pub fn add_to(self, time: OffsetDateTime) -> Option<OffsetDateTime> {
        let zero_based = u64::try_from(time.year())
            .ok()?
            .checked_mul(12)?
            .checked_add(u64::from(u8::from(time.month())) - 1)?;
        let total = zero_based.checked_add(u64::from(self.months))?;
        let year = i32::try_from(total / 12).ok()?;
        let month = Month::try_from(u8::try_from(total % 12 + 1).ok()?).ok()?;
        let day = time.day().min(month.length(year));
        let date = Date::from_calendar_date(year, month, day).ok()?;
        let seconds = time::Duration::seconds(i64::try_from(self.seconds).ok()?);
        time.replace_date(date).checked_add(seconds)
    }
}

/// Reads an `xs:duration`. Fractions of a second are dropped. Negative durations and numbers that
/// overflow are refused: no SAML use of a duration means the past.
///
/// # Errors
///
/// `scalar.duration`.
///
/// ```
/// use saml_xml::types::parse_duration;
///
/// assert_eq!(parse_duration("PT8H30M").unwrap().seconds(), 30_600);
/// assert_eq!(parse_duration("P1Y2M").unwrap().months(), 14);
/// assert_eq!(parse_duration("P").unwrap_err().code(), "scalar.duration");
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, ScalarError> {
    read(text).ok_or(ScalarError::new(ScalarErrorKind::Duration))
}

fn read(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let [years, months, days] = fields(date, ['Y', 'M', 'D'])?;
    let [hours, minutes, seconds] = fields(time, ['H', 'M', 'S'])?;
    let months = years.checked_mul(12)?.checked_add(months)?;
    let seconds = [
        (days, 86_400u64),
        (hours, 3_600),
        (minutes, 60),
        (seconds, 1),
    ]
    .into_iter()
    .try_fold(0u64, |sum, (n, unit)| sum.checked_add(n.checked_mul(unit)?))?;
    Some(Duration {
        months: u32::try_from(months).ok()?,
        seconds,
    })
}

/// Numbers with their designators, each at most once and in this order.
fn fields(mut text: &str, designators: [char; 3]) -> Option<[u64; 3]> {
    let mut found = [0u64; 3];
    for (slot, designator) in found.iter_mut().zip(designators) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = text.split_at_checked(digits)?;
        let rest = match (designator, rest.strip_prefix('.')) {
            ('S', Some(fraction)) => {
                let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return None;
                } else {
                    fraction.get(digits..)?
                }
            }
            _ => rest,
        };
        if let Some(after) = rest.strip_prefix(designator) {
            *slot = number.parse().ok()?;
            text = after;
        }
    }
    text.is_empty().then_some(found)
}
