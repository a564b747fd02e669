//! Operations on the elements a filter selects.

use super::apply::Work;
use super::{Elements, Verb};
use crate::dialect::RewriteRule;
use crate::document::{Node, Value};
use crate::error::{Reason, ScimError};
use crate::schema::{AttrId, AttrPath, AttributeType};

pub(super) fn apply(
    work: &mut Work<'_>,
    verb: Verb,
    target: &Elements,
    value: &Value,
) -> Result<(), ScimError> {
    let attr = target.attr;
    let old = work
        .document
        .get(attr)
        .map(|value| value.elements().to_vec())
        .unwrap_or_default();
    let mut list = old.clone();
    let chosen = |(index, element): (usize, &Value)| {
        target
            .filter
            .matches_element(work.registry, element)
            .then_some(index)
    };
    let mut touched: Vec<usize> = list.iter().enumerate().filter_map(chosen).collect();
    if touched.is_empty() {
        if verb == Verb::Remove {
            return nothing_to_remove(work, target);
        }
        if value.is_unassigned() && work.dialect.create_missing {
            return Ok(());
        }
        list.push(make(work, target)?);
        touched.push(list.len() - 1);
    }
    if verb == Verb::Remove && target.sub.is_none() {
        let mut index = 0;
        list.retain(|_| {
            index += 1;
            !touched.contains(&(index - 1))
        });
    } else {
        for index in &touched {
            let Some(element) = list.get_mut(*index) else {
                continue;
            };
            change(work, verb, target, element, value)?;
        }
        demote(work, attr, &mut list, &touched);
    }
    let list = Value::List(list);
    work.may_change(attr.into(), Some(&Value::List(old)), Some(&list))?;
    work.document.set(attr, list);
    Ok(())
}

fn nothing_to_remove(work: &mut Work<'_>, target: &Elements) -> Result<(), ScimError> {
    let label = work.registry.label(target.attr.into());
    if target.quiet {
        return Ok(());
    }
    if work.dialect.remove_missing {
        work.rewrites.note(RewriteRule::RemoveMissing, &label);
        return Ok(());
    }
    Err(no_target(&label))
}

fn no_target(label: &str) -> ScimError {
    // RFC 7644 §3.5.2.3, table 9: a filter that yields no match is noTarget.
    ScimError::new(
        Reason::PatchNoTarget,
        format!("No value of `{label}` matches the filter in the path."),
    )
}

/// A new element that satisfies the filter, where the dialect makes one.
fn make(work: &mut Work<'_>, target: &Elements) -> Result<Value, ScimError> {
    let label = work.registry.label(target.attr.into());
    let complex = work.registry.attribute(target.attr).kind() == AttributeType::Complex;
    let Some(pairs) = target.make.as_ref().filter(|_| complex) else {
        return Err(no_target(&label));
    };
    work.rewrites.note(RewriteRule::CreateMissing, &label);
    Ok(Value::Complex(pairs.iter().cloned().collect()))
}

fn change(
    work: &Work<'_>,
    verb: Verb,
    target: &Elements,
    element: &mut Value,
    value: &Value,
) -> Result<(), ScimError> {
    let attr = target.attr;
    let Value::Complex(node) = element else {
        // The element is simple: replacing it is all there is to do.
        *element = value.clone();
        return Ok(());
    };
    match (target.sub, value) {
        (Some(sub), value) => {
            let value = if verb == Verb::Remove {
                &Value::Null
            } else {
                value
            };
            work.may_change(
                AttrPath {
                    attr,
                    sub: Some(sub),
                },
                node.get(&sub),
                Some(value),
            )?;
            node.insert(sub, value.clone());
        }
        (None, Value::Complex(parts)) => {
            // RFC 7644 §3.5.2.3: replace puts the value in the record's place; add fills in parts.
            let mut new = if verb == Verb::Replace {
                Node::new()
            } else {
                node.clone()
            };
            if work.dialect.create_missing {
                new.extend(target.make.iter().flatten().cloned());
            }
            new.extend(parts.clone());
            for sub in work.registry.attribute(attr).subs() {
                work.may_change(
                    AttrPath {
                        attr,
                        sub: Some(*sub),
                    },
                    node.get(sub),
                    new.get(sub),
                )?;
            }
            *node = new;
        }
        (None, _) => *element = Value::Null,
    }
    Ok(())
}

/// RFC 7644 §3.5.2: when a value becomes primary, the one that was primary before is so no longer.
pub(super) fn demote(work: &mut Work<'_>, attr: AttrId, list: &mut [Value], touched: &[usize]) {
    let Some(primary) = work.registry.sub(attr, "primary") else {
        return;
    };
    let is_primary = |value: &Value| matches!(value, Value::Complex(n) if n.get(&primary) == Some(&Value::Boolean(true)));
    let mut winners = touched
        .iter()
        .copied()
        .filter(|index| list.get(*index).is_some_and(is_primary));
    let Some(winner) = winners.next() else { return };
    let several = winners.next().is_some();
    if several && work.dialect.first_primary {
        let label = work.registry.label(attr.into());
        work.rewrites.note(RewriteRule::FirstPrimary, &label);
    }
    for (index, value) in list.iter_mut().enumerate() {
        // Several new ones are refused when the document is validated, unless the dialect takes the first.
        let spared =
            index == winner || (several && !work.dialect.first_primary && touched.contains(&index));
        if let Value::Complex(node) = value
            && !spared
            && node.get(&primary) == Some(&Value::Boolean(true))
        {
            node.insert(primary, Value::Boolean(false));
        }
    }
}
