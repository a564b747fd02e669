//! Queries: candidates of each target in the common order, merged, cut into a page, loaded.

use std::collections::HashMap;
use std::ops::ControlFlow;

use scim_core::filter::{SortValue, compare_keys};
use scim_core::resource::{Resource, ResourceId};
use scim_core::schema::{Resolved, ResourceTypeId};
use scim_core::store::{Keyset, Load, LoadMembers, Page, Query, QueryTarget, Start};

use super::translate::{Condition, Translator, shown_instant};
use super::{Tables, encode};
use crate::db::{Param, Row, Value};
use crate::error::{DbError, DbErrorKind};

/// A resource that matches, and its place in the order.
struct Hit {
    key: Option<SortValue>,
    id: ResourceId,
    kind: ResourceTypeId,
}

/// What to sort by, as SQL.
enum Key {
    None,
    /// A column of the resource; the flag says that it is a time.
    Column(String, bool),
    /// The leading value of an attribute, and whether every resource of the type has one.
    Value(i64, bool),
}

impl Key {
    fn sql(&self) -> &str {
        match self {
            Self::None => "NULL",
            Self::Column(sql, _) => sql,
            Self::Value(..) => "k.key",
        }
    }
}

impl Tables<'_> {
    pub(super) fn find(&self, query: &Query) -> Result<Page, DbError> {
        let count = usize::try_from(query.count).unwrap_or(usize::MAX);
        let (skip, after) = match &query.start {
            Start::Offset(offset) => (usize::try_from(*offset).unwrap_or(usize::MAX), None),
            Start::After(place) => (0, place.as_ref()),
        };
        // One more than wanted tells whether there are more
        let wanted = count.saturating_add(1);
        let alone = query.targets.len() == 1;
        let mut total = 0_u64;
        let mut hits = Vec::new();
        let mut left = skip;
        for target in &query.targets {
            // With several targets, each could give the whole page
            let (offset, limit) = if alone {
                (skip, wanted)
            } else {
                (0, skip.saturating_add(wanted))
            };
            let cut = Cut {
                after,
                offset,
                limit,
                count_total: query.count_total,
            };
            let (found, matching) =
                Search::new(self, target, query.descending)?.run(self, target, &cut)?;
            hits.extend(found);
            total = total.saturating_add(matching);
            if alone {
                left = 0;
            }
        }
        hits.sort_by(|a, b| {
            compare_keys(
                (a.key.as_ref(), a.id.as_str()),
                (b.key.as_ref(), b.id.as_str()),
                query.descending,
            )
        });
        let more = hits.len() > left.saturating_add(count);
        let hits: Vec<Hit> = hits.into_iter().skip(left).take(count).collect();
        let mut found: HashMap<&ResourceId, Resource> = HashMap::new();
        for target in &query.targets {
            let of_target = hits.iter().filter(|hit| hit.kind == target.kind);
            let ids: Vec<&ResourceId> = of_target.map(|hit| &hit.id).collect();
            let loaded = self.load_each(target.kind, &ids, target.load)?;
            let loaded = ids.into_iter().zip(loaded);
            found.extend(loaded.filter_map(|(id, resource)| Some((id, resource?))));
        }
        let resources = hits
            .iter()
            .filter_map(|hit| found.remove(&hit.id))
            .collect();
        drop(found);
        let next = hits.into_iter().next_back();
        let next = next.map(|hit| Keyset::new(hit.key, hit.id));
        Ok(Page::new(
            resources,
            query.count_total.then_some(total),
            next.filter(|_| more),
        ))
    }
}

/// Which part of the order is wanted.
struct Cut<'a> {
    after: Option<&'a Keyset>,
    offset: usize,
    limit: usize,
    count_total: bool,
}

impl Cut<'_> {
    /// How many match, if that can be told from how many came.
    fn shows_the_end(&self, came: usize) -> Option<u64> {
        let from_the_start = self.after.is_none() && (came > 0 || self.offset == 0);
        (from_the_start && came < self.limit)
            .then(|| u64::try_from(self.offset.saturating_add(came)).unwrap_or(u64::MAX))
    }
}

struct Search<'a> {
    translator: Translator<'a>,
    condition: Condition,
    key: Key,
    /// What the filter itself has to see, where SQL was not exact.
    needs: Load,
    descending: bool,
}

impl<'a> Search<'a> {
    fn new(tables: &Tables<'a>, target: &QueryTarget, descending: bool) -> Result<Self, DbError> {
        let registry = tables.registry;
        let kind = registry.resource_type(target.kind);
        let mut translator = Translator {
            registry,
            numbers: tables.numbers,
            kind: target.kind,
            tenant: tables.tenant,
            db: tables.db,
            failed: None,
            // The tenant is ?1 and the kind ?2, everywhere
            params: vec![
                Param::from(tables.tenant.to_owned()),
                Param::from(kind.name().to_owned()),
            ],
        };
        let condition = match &target.filter {
            Some(filter) => translator.condition(filter),
            None => Condition {
                sql: "1 = 1".to_owned(),
                exact: true,
            },
        };
        if let Some(error) = translator.failed.take() {
            return Err(error);
        }
        let mentions = |attr| {
            target
                .filter
                .as_ref()
                .zip(attr)
                .is_some_and(|(filter, attr)| filter.mentions(attr))
        };
        let needs = Load {
            members: if mentions(kind.members()) {
                LoadMembers::All
            } else {
                LoadMembers::No
            },
            groups: mentions(kind.groups()),
        };
        let common = registry.common();
        let key = match target.sort.and_then(|sort| sort.path) {
            None => Key::None,
            Some(path) if path.attr == common.id => Key::Column("r.id".to_owned(), false),
            Some(path) if path.leaf() == common.created => {
                Key::Column(shown_instant("r.created"), true)
            }
            Some(path) if path.leaf() == common.last_modified => {
                Key::Column(shown_instant("r.modified"), true)
            }
            Some(path) if path.leaf() == common.resource_type => {
                Key::Column("r.kind".to_owned(), false)
            }
            Some(path) => {
                let leaf = registry.attribute(path.leaf());
                // Of the type itself: a schema that was added later may lack in what was there before
                let own = ["userName", "displayName"].contains(&leaf.name())
                    && matches!(
                        registry.resolve(target.kind, leaf.name()),
                        Some(Resolved::Attribute(own)) if own == path
                    );
                let always = own && leaf.required();
                Key::Value(tables.numbers.of(path.leaf()), always)
            }
        };
        Ok(Self {
            translator,
            condition,
            key,
            needs,
            descending,
        })
    }

    /// The hits of one target, and how many match in all if that was asked.
    fn run(
        mut self,
        tables: &Tables<'_>,
        target: &QueryTarget,
        cut: &Cut<'_>,
    ) -> Result<(Vec<Hit>, u64), DbError> {
        // Before what `select` binds
        let conditions = self.translator.params.clone();
        let mut total = 0;
        // Where the filter judges each row and all are counted, none may be passed over
        let judge = target.filter.as_ref().filter(|_| !self.condition.exact);
        let whole = judge.is_some() && cut.count_total;
        let sql = self.select(cut, judge.is_some(), whole)?;
        let params = &self.translator.params;
        let hit = |row: &Row<'_>| {
            Ok(Hit {
                id: ResourceId::new(row.get::<String>(0)?),
                key: self.key_of(row.get(1)?)?,
                kind: target.kind,
            })
        };
        let Some(filter) = judge else {
            let hits = tables.db.query(&sql, params, hit)?;
            if cut.count_total {
                total = match cut.shows_the_end(hits.len()) {
                    Some(total) => total,
                    None => self.count(tables, &conditions)?,
                };
            }
            return Ok((hits, total));
        };
        let mut hits = Vec::new();
        let mut skip = cut.offset;
        tables.db.scan(&sql, params, |row| {
            let hit = hit(row)?;
            let resource = tables.load(target.kind, &hit.id, self.needs)?;
            if !resource.is_some_and(|resource| filter.matches(tables.registry, &resource)) {
                return Ok(ControlFlow::Continue(()));
            }
            if cut.count_total {
                total = total.saturating_add(1);
            }
            let is_before = |place: &Keyset| {
                let here = (hit.key.as_ref(), hit.id.as_str());
                let place = (place.key.as_ref(), place.id.as_str());
                compare_keys(here, place, self.descending).is_le()
            };
            if cut.after.is_some_and(is_before) {
                return Ok(ControlFlow::Continue(()));
            }
            if skip > 0 {
                skip -= 1;
                return Ok(ControlFlow::Continue(()));
            }
            if hits.len() < cut.limit {
                hits.push(hit);
                return Ok(ControlFlow::Continue(()));
            }
            Ok(if whole {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        Ok((hits, total))
    }

    /// How many match an exact condition.
    fn count(&self, tables: &Tables<'_>, params: &[Param<'_>]) -> Result<u64, DbError> {
        let sql = format!(
            "SELECT COUNT(*) FROM scim_resources r WHERE r.tenant = ?1 AND r.kind = ?2 AND ({})",
            self.condition.sql
        );
        let count: i64 = tables.db.one(&sql, params, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn select(&mut self, cut: &Cut<'_>, judged: bool, whole: bool) -> Result<String, DbError> {
        let from = match self.key {
            // The index of keys gives the order, and the first page costs no more than a page
            Key::Value(attr, true) => {
                let attr = self.translator.bind(attr);
                format!(
                    "scim_values k JOIN scim_resources r ON k.tenant = r.tenant AND k.id = r.id \
                     WHERE k.tenant = ?1 AND k.attr = {attr} AND k.lead = 1 AND k.key IS NOT NULL AND"
                )
            }
            Key::Value(attr, false) => {
                let attr = self.translator.bind(attr);
                format!(
                    "scim_resources r LEFT JOIN scim_values k \
                     ON k.tenant = r.tenant AND k.id = r.id AND k.attr = {attr} AND k.lead = 1 WHERE"
                )
            }
            _ => "scim_resources r WHERE".to_owned(),
        };
        let after = match cut.after {
            Some(place) if !whole => format!(" AND ({})", self.after(place)?),
            _ => String::new(),
        };
        let key = self.key.sql().to_owned();
        let desc = if self.descending { " DESC" } else { "" };
        let order = match self.key {
            Key::None => format!("r.id{desc}"),
            Key::Value(_, true) => match self.translator.db.dialect().key_order("k.key") {
                Some(first) => format!("{first}{desc}, k.key{desc}, k.id{desc}"),
                None => format!("k.key{desc}, k.id{desc}"),
            },
            // Resources without a value come last, and first when descending (RFC 7644 §3.4.2.3)
            _ => format!("({key} IS NULL){desc}, {key}{desc}, r.id{desc}"),
        };
        let limit = if judged {
            String::new()
        } else {
            let limit = i64::try_from(cut.limit).unwrap_or(i64::MAX);
            let offset = i64::try_from(cut.offset).unwrap_or(i64::MAX);
            let (limit, offset) = (self.translator.bind(limit), self.translator.bind(offset));
            format!(" LIMIT {limit} OFFSET {offset}")
        };
        Ok(format!(
            "SELECT r.id, {key} FROM {from} r.tenant = ?1 AND r.kind = ?2 \
             AND ({}){after} ORDER BY {order}{limit}",
            self.condition.sql
        ))
    }

    /// The condition of coming after a place of the order.
    fn after(&mut self, place: &Keyset) -> Result<String, DbError> {
        if matches!((&self.key, &place.key), (Key::None, Some(_))) {
            // No resource of this type has a key: all come after one that has, or before
            return Ok(if self.descending { "1 = 0" } else { "1 = 1" }.to_owned());
        }
        let id = self.translator.bind(place.id.as_str().to_owned());
        let than = if self.descending { "<" } else { ">" };
        let column = self.key.sql().to_owned();
        let here = match (&self.key, &place.key) {
            (Key::None, _) => return Ok(format!("r.id {than} {id}")),
            (_, None) => None,
            (Key::Column(_, true), Some(SortValue::Instant(at))) => {
                let at = i64::try_from(*at)
                    .map_err(|error| DbError::because(DbErrorKind::InvalidValue, error))?;
                Some(Value::from(at))
            }
            (Key::Column(_, false), Some(SortValue::Text(text))) => Some(Value::from(text.clone())),
            (Key::Value(..), Some(key)) => encode::sort_value(key).map(Value::from),
            _ => return Err(DbError::new(DbErrorKind::InvalidValue)),
        };
        Ok(match (here, self.descending) {
            (Some(key), descending) if matches!(self.key, Key::Value(_, true)) => {
                let key = self.translator.bind(key);
                // The index begins at the place, and not at its own beginning
                let or = if descending { "<=" } else { ">=" };
                let order = self.translator.db.dialect();
                let begin = match (order.key_order(&column), order.key_order(&key)) {
                    (Some(column), Some(key)) => format!("{column} {or} {key} AND "),
                    _ => String::new(),
                };
                format!(
                    "{begin}{column} {or} {key} AND ({column} {than} {key} OR r.id {than} {id})"
                )
            }
            (Some(key), false) => {
                let key = self.translator.bind(key);
                format!(
                    "{column} > {key} OR ({column} = {key} AND r.id > {id}) OR {column} IS NULL"
                )
            }
            (Some(key), true) => {
                let key = self.translator.bind(key);
                format!("{column} < {key} OR ({column} = {key} AND r.id < {id})")
            }
            (None, false) => format!("{column} IS NULL AND r.id > {id}"),
            (None, true) => format!("{column} IS NOT NULL OR r.id < {id}"),
        })
    }

    fn key_of(&self, value: Value) -> Result<Option<SortValue>, DbError> {
        let corrupt = || DbError::new(DbErrorKind::CorruptRow);
        Ok(match (value, &self.key) {
            (Param::Null, _) => None,
            (Param::Integer(at), Key::Column(_, true)) => Some(SortValue::Instant(at.into())),
            (Param::Text(text), Key::Column(_, false)) => Some(SortValue::Text(text.into_owned())),
            (Param::Text(text), Key::Value(..)) => Some(encode::decode(&text).ok_or_else(corrupt)?),
            _ => return Err(corrupt()),
        })
    }
}
