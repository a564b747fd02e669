//! Times: whether they are times, and whether it is the time. S07, S08, S18.

use super::{Book, EACH};
use crate::ResponseFields;
use crate::message::AssertionFields;

pub(super) fn cases(book: &mut Book) {
    intervals(book);
    confirmation(book);
    syntax(book);
}

fn assertion(change: impl Fn(&mut AssertionFields)) -> impl Fn(&mut ResponseFields) {
    move |fields| {
        if let Some(assertion) = &mut fields.assertion {
            change(assertion);
        }
    }
}

/// Seconds of clock skew that a connection allows unless told otherwise.
const SKEW: i64 = 180;

fn intervals(book: &mut Book) {
    book.row("S07");
    for (name, seconds, code) in [
        // half open: at the end it is over, skew included
        ("ends_now_within_skew", 0, "accepted"),
        ("ended_within_skew", 1 - SKEW, "accepted"),
        ("ended_at_skew", -SKEW, "conditions.expired"),
        ("ended_an_hour_ago", -3600, "conditions.expired"),
    ] {
        book.push(name, EACH, code, super::Proof::Nothing, move |b| {
            let at = b.at(seconds);
            b.said(assertion(|a| {
                a.not_before = None;
                a.not_on_or_after = Some(at.clone());
            }))
        });
    }
    for (name, seconds, code) in [
        ("starts_within_skew", SKEW, "accepted"),
        ("starts_after_skew", SKEW + 1, "conditions.not_yet_valid"),
        ("starts_in_an_hour", 3600, "conditions.not_yet_valid"),
    ] {
        book.push(name, EACH, code, super::Proof::Nothing, move |b| {
            let (from, to) = (b.at(seconds), b.at(7200));
            b.said(assertion(|a| {
                a.not_before = Some(from.clone());
                a.not_on_or_after = Some(to.clone());
            }))
        });
    }
    book.refused("empty_interval", EACH, "conditions.empty_interval", |b| {
        let at = b.at(0);
        b.said(assertion(|a| {
            a.not_before = Some(at.clone());
            a.not_on_or_after = Some(at.clone());
        }))
    });
    book.refused("interval_backwards", EACH, "conditions.empty_interval", |b| {
        let (from, to) = (b.at(60), b.at(-60));
        b.said(assertion(|a| {
            a.not_before = Some(from.clone());
            a.not_on_or_after = Some(to.clone());
        }))
    });
    book.refused("session_over", EACH, "authn.session_expired", |b| {
        let at = b.at(-3600);
        b.said(assertion(|a| a.session_not_on_or_after = Some(at.clone())))
    });
    book.refused("authn_instant_in_future", EACH, "authn.instant_future", |b| {
        let at = b.at(SKEW + 1);
        b.said(assertion(|a| a.authn_instant = Some(at.clone())))
    });
    book.refused("assertion_issued_in_future", EACH, "assertion.issue_instant_future", |b| {
        let at = b.at(SKEW + 1);
        b.said(assertion(|a| a.issue_instant = Some(at.clone())))
    });
    book.refused("response_issued_in_future", EACH, "response.issue_instant_future", |b| {
        let at = b.at(SKEW + 1);
        b.said(|f| f.issue_instant = Some(at))
    });
    book.refused("assertion_issued_days_ago", EACH, "assertion.too_old", |b| {
        let at = b.at(-3 * 86_400);
        b.said(assertion(|a| {
            a.issue_instant = Some(at.clone());
            a.authn_instant = Some(at.clone());
        }))
    });
    book.refused("assertion_without_issue_instant", EACH, "assertion.issue_instant_missing", |b| {
        b.said(assertion(|a| a.issue_instant = None))
    });
    book.refused("response_without_issue_instant", EACH, "response.issue_instant_missing", |b| {
        b.said(|f| f.issue_instant = None)
    });
    book.accepted("no_times_in_conditions", EACH, |b| {
        b.said(assertion(|a| {
            a.not_before = None;
            a.not_on_or_after = None;
        }))
    });
    book.accepted("far_future", EACH, |b| {
        b.said(assertion(|a| {
            a.not_on_or_after = Some("9999-12-31T23:59:59Z".to_owned());
            a.session_not_on_or_after = Some("9999-12-31T23:59:59Z".to_owned());
        }))
    });
    let cases = book.refused("old_session_though_forced", EACH, "authn.stale", |b| {
        let at = b.at(-3600);
        b.said(assertion(|a| a.authn_instant = Some(at.clone())))
    });
    super::each(cases, |setting| setting.force_authn = true);
}

fn confirmation(book: &mut Book) {
    book.row("S08");
    book.refused("expired", EACH, "subject.expired", |b| {
        let at = b.at(-SKEW);
        b.said(assertion(|a| a.confirmation_not_on_or_after = Some(at.clone())))
    });
    book.accepted("ended_within_skew", EACH, |b| {
        let at = b.at(1 - SKEW);
        b.said(assertion(|a| a.confirmation_not_on_or_after = Some(at.clone())))
    });
    book.refused("without_end", EACH, "subject.not_on_or_after_missing", |b| {
        b.said(assertion(|a| a.confirmation_not_on_or_after = None))
    });
    book.refused("not_before", EACH, "subject.not_before_present", |b| {
        let at = b.at(-60);
        b.said(assertion(|a| a.confirmation_not_before = Some(at.clone())))
    });
}

fn syntax(book: &mut Book) {
    book.row("S18");
    for (name, text) in [
        ("no_zone", "2026-12-01T12:05:00"),
        ("hour_24", "2026-12-01T24:00:00Z"),
        ("hour_25", "2026-12-01T25:00:00Z"),
        ("leap_second", "2026-12-31T23:59:60Z"),
        ("year_10000", "10000-01-01T00:00:00Z"),
        ("year_negative", "-0001-01-01T00:00:00Z"),
        ("year_zero", "0000-01-01T00:00:00Z"),
        ("zone_too_far", "2026-12-01T12:05:00+14:01"),
        ("lower_case_z", "2026-12-01T12:05:00z"),
        ("lower_case_t", "2026-12-01t12:05:00Z"),
        ("space_for_t", "2026-12-01 12:05:00Z"),
        ("non_ascii_digits", "\u{662}\u{660}26-12-01T12:05:00Z"),
        ("february_30", "2026-02-30T12:05:00Z"),
        ("month_13", "2026-13-01T12:05:00Z"),
        ("no_seconds", "2026-12-01T12:05Z"),
        ("comma_fraction", "2026-12-01T12:05:00,5Z"),
        ("empty_fraction", "2026-12-01T12:05:00.Z"),
        ("date_only", "2026-12-01"),
        ("empty", ""),
        ("word", "tomorrow"),
        ("epoch_number", "1796126400"),
        ("fraction_30", "2026-12-01T12:05:00.123456789012345678901234567890Z"),
    ] {
        book.refused(name, EACH, "scalar.date_time", move |b| {
            b.said(assertion(|a| a.not_on_or_after = Some(text.to_owned())))
        });
    }
    for (name, text) in [
        ("fraction_3", "2026-12-01T12:05:00.123Z"),
        ("fraction_7", "2026-12-01T12:05:00.1234567Z"),
        ("offset", "2026-12-01T14:05:00+02:00"),
        ("offset_negative", "2026-12-01T07:05:00-05:00"),
    ] {
        book.accepted(name, EACH, move |b| b.said(assertion(|a| a.not_on_or_after = Some(text.to_owned()))));
    }
    book.refused("before_1970", EACH, "conditions.expired", |b| {
        b.said(assertion(|a| {
            a.not_before = None;
            a.not_on_or_after = Some("1969-12-31T23:59:59Z".to_owned());
        }))
    });
    for (name, change) in [
        ("in_confirmation", 0),
        ("in_issue_instant", 1),
        ("in_authn_instant", 2),
        ("in_session_end", 3),
        ("in_not_before", 4),
    ] {
        book.refused(name, EACH, "scalar.date_time", move |b| {
            b.said(assertion(|a| {
                let wrong = Some("2026-12-01T24:00:00Z".to_owned());
                match change {
                    0 => a.confirmation_not_on_or_after = wrong,
                    1 => a.issue_instant = wrong,
                    2 => a.authn_instant = wrong,
                    3 => a.session_not_on_or_after = wrong,
                    _ => a.not_before = wrong,
                }
            }))
        });
    }
    book.refused("in_response_issue_instant", EACH, "scalar.date_time", |b| {
        b.said(|f| f.issue_instant = Some("2026-12-01T24:00:00Z".to_owned()))
    });
}
