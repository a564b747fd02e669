//! Cutting and sewing of XML as text. Works on what the test kit wrote itself, where an element's
//! start tag is literally `<name` and its attributes stand in double quotes.

use std::ops::Range;

/// The whole of the `nth` element (from 0) with this qualified name.
///
/// # Panics
/// When there is none, or it does not end.
#[must_use]
pub fn find(xml: &str, name: &str, nth: usize) -> Range<usize> {
    let start = starts(xml, name).nth(nth).unwrap_or_else(|| panic!("no element {name} number {nth}"));
    let close = format!("</{name}>");
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        let next_close = xml[at..].find(&close).map(|i| at + i).unwrap_or_else(|| panic!("{name} does not end"));
        let opens = starts(&xml[at..next_close], name)
            .filter(|open| {
                let tag = &xml[at + open..];
                !tag[..tag.find('>').unwrap_or(0)].ends_with('/')
            })
            .count();
        depth += opens;
        depth -= 1;
        at = next_close + close.len();
        if depth == 0 {
            return start..at;
        }
    }
}

fn starts<'a>(xml: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let open = format!("<{name}");
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + xml[from..].find(&open)?;
            from = at + open.len();
            if xml[from..].starts_with([' ', '>', '/', '\n', '\t', '\r']) {
                return Some(at);
            }
        }
    })
}

/// How many elements have this qualified name.
#[must_use]
pub fn count(xml: &str, name: &str) -> usize {
    starts(xml, name).count()
}

/// The text of the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn get(xml: &str, name: &str) -> String {
    xml[find(xml, name, 0)].to_owned()
}

/// Replaces a range.
#[must_use]
pub fn splice(xml: &str, range: Range<usize>, with: &str) -> String {
    [&xml[..range.start], with, &xml[range.end..]].concat()
}

/// Removes the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn remove(xml: &str, name: &str) -> String {
    splice(xml, find(xml, name, 0), "")
}

/// Replaces the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn replace_element(xml: &str, name: &str, with: &str) -> String {
    splice(xml, find(xml, name, 0), with)
}

/// Puts text before the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn before(xml: &str, name: &str, what: &str) -> String {
    let at = find(xml, name, 0).start;
    splice(xml, at..at, what)
}

/// Puts text after the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn after(xml: &str, name: &str, what: &str) -> String {
    let at = find(xml, name, 0).end;
    splice(xml, at..at, what)
}

/// Puts text in front of everything else in the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn prepend(xml: &str, name: &str, what: &str) -> String {
    let range = find(xml, name, 0);
    let at = range.start + xml[range].find('>').expect("a start tag ends") + 1;
    splice(xml, at..at, what)
}

/// Puts text after everything else in the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn append(xml: &str, name: &str, what: &str) -> String {
    let range = find(xml, name, 0);
    let at = range.start + xml[range].rfind("</").expect("an end tag");
    splice(xml, at..at, what)
}

/// Replaces the content of the first element with this qualified name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn set_content(xml: &str, name: &str, what: &str) -> String {
    let range = find(xml, name, 0);
    let text = &xml[range.clone()];
    let from = range.start + text.find('>').expect("a start tag ends") + 1;
    let to = range.start + text.rfind("</").expect("an end tag");
    splice(xml, from..to, what)
}

/// The value of an attribute in the start tag of the first element with this qualified name.
///
/// # Panics
/// When there is no such element or attribute.
#[must_use]
pub fn attribute(xml: &str, name: &str, attribute: &str) -> String {
    xml[value_range(xml, name, attribute)].to_owned()
}

/// Sets an attribute that is there.
///
/// # Panics
/// When there is no such element or attribute.
#[must_use]
pub fn set_attribute(xml: &str, name: &str, attribute: &str, value: &str) -> String {
    splice(xml, value_range(xml, name, attribute), value)
}

/// Removes an attribute that is there.
///
/// # Panics
/// When there is no such element or attribute.
#[must_use]
pub fn remove_attribute(xml: &str, name: &str, attribute: &str) -> String {
    let value = value_range(xml, name, attribute);
    splice(xml, value.start - attribute.len() - 3..value.end + 1, "")
}

/// Writes text into a start tag, after its last attribute.
///
/// # Panics
/// When there is no such element.
#[must_use]
pub fn add_attribute(xml: &str, name: &str, text: &str) -> String {
    let range = find(xml, name, 0);
    let at = range.start + xml[range].find('>').expect("a start tag ends");
    splice(xml, at..at, &format!(" {text}"))
}

/// Replaces every occurrence of some text, of which there must be one.
///
/// # Panics
/// When there is none: a mutator that changes nothing proves nothing.
#[must_use]
pub fn replace(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "nothing to replace: {from}");
    xml.replace(from, to)
}

fn value_range(xml: &str, name: &str, attribute: &str) -> Range<usize> {
    let range = find(xml, name, 0);
    let tag = &xml[range.start..range.start + xml[range.clone()].find('>').expect("a start tag ends")];
    let key = format!(" {attribute}=\"");
    let at = tag.find(&key).unwrap_or_else(|| panic!("{name} has no attribute {attribute}"));
    let from = at + key.len();
    let to = from + tag[from..].find('"').expect("a quote");
    range.start + from..range.start + to
}
