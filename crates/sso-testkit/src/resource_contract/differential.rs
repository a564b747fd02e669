//! Random resources, changes and questions, and the reference's answers to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use scim_core::dialect::{Dialect, UnknownMembers};
use scim_core::document::{Document, Keep, Reader};
use scim_core::filter::{Expr, FilterLimits, Resolver};
use scim_core::members::MemberDelta;
use scim_core::resource::{ConnectionId, Member, Resource, ResourceId, TenantId, Version};
use scim_core::schema::{ENTERPRISE_USER, GROUP, Registry, ResourceTypeId, USER};
use scim_core::store::{
    Batch, Load, LoadMembers, MemoryStore, Query, QueryTarget, ResourceStore, Start, Unit, Write,
};
use serde_json::{Value as Json, json};
use time::{Duration, OffsetDateTime};

use crate::block_on;

/// Pseudo-random numbers (xorshift64*), so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap_or(0) % sides.max(1)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

const WORDS: &[&str] = &[
    "ann",
    "Ann",
    "ANNA",
    "bob",
    "ångström",
    "ÅNGSTRÖM",
    "straße",
    "strasse",
    "Σίσυφος",
    "a%b_c",
    "100%",
    "\\",
    "o'malley",
    "0",
    "1",
    "work",
    "home",
    "İ",
    "ı",
    "日本",
    "😀",
    "a\u{0}b",
    "\u{1}0",
    "",
];
const NUMBERS: &[i64] = &[i64::MIN, -7, 0, 1, 42, i64::MAX];
const DECIMALS: &[f64] = &[-1.5, 0.0, 0.5, 1e10];
const INSTANTS: &[&str] = &[
    "1969-12-31T23:59:59Z",
    "2026-01-31T13:00:00+01:00",
    "2026-01-31T12:00:00Z",
    "2026-11-24T00:00:00.123456Z",
];

struct World<'a, S> {
    registry: Arc<Registry>,
    reference: MemoryStore,
    store: &'a S,
    tenant: TenantId,
    dice: Dice,
    ids: Vec<ResourceId>,
    now: OffsetDateTime,
    seed: u64,
}

/// Runs `rounds` of random writes, with `questions` random questions after each, against `store`
/// and the reference. The store has to be made for [`super::registry`]. Gives the number of answers that
/// were compared.
///
/// # Panics
/// When an answer differs.
pub fn differential<S: ResourceStore>(
    store: &S,
    registry: &Arc<Registry>,
    seed: u64,
    rounds: usize,
    questions: usize,
) -> usize {
    let mut world = World {
        registry: Arc::clone(registry),
        reference: MemoryStore::new(Arc::clone(registry)),
        store,
        tenant: TenantId::new(format!("tenant-{seed}")),
        dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        ids: (0..24)
            .map(|n| ResourceId::new(format!("id-{n:02}")))
            .collect(),
        now: OffsetDateTime::UNIX_EPOCH + Duration::days(20_000),
        seed,
    };
    let mut compared = 0;
    for _ in 0..rounds {
        world.write();
        compared += 1;
        for _ in 0..questions {
            compared += usize::from(world.ask());
        }
        world.look();
    }
    compared
}

impl<S: ResourceStore> World<'_, S> {
    fn kind(&self, name: &str) -> ResourceTypeId {
        let kind = self.registry.resource_type_by_name(name);
        kind.expect("a standard type").id()
    }

    fn word(&mut self) -> &'static str {
        self.dice.pick(WORDS)
    }

    fn document(&mut self, kind: &str) -> Document {
        let mut json = if kind == "User" {
            let name = format!("{}-{}", self.word(), self.dice.roll(12));
            json!({"schemas": [USER], "userName": name})
        } else {
            json!({"schemas": [GROUP], "displayName": format!("g{}", self.word())})
        };
        if self.dice.chance(60) {
            json["externalId"] = json!(format!("x{}", self.word()));
        }
        if kind == "User" {
            self.details(&mut json);
        }
        let dialect = Dialect::default();
        let kind = self.kind(kind);
        let mut document = Reader::new(&self.registry, kind, &dialect, Keep::All)
            .document(&json)
            .expect("a document");
        document.canonicalize(&self.registry);
        document
    }

    fn details(&mut self, json: &mut Json) {
        if self.dice.chance(50) {
            json["displayName"] = json!(self.word());
        }
        if self.dice.chance(50) {
            json["active"] = json!(self.dice.chance(50));
        }
        if self.dice.chance(50) {
            json["name"] = json!({"familyName": self.word(), "givenName": self.word()});
        }
        if self.dice.chance(60) {
            let emails: Vec<Json> = (0..self.dice.roll(4))
                .map(|n| json!({"value": format!("{}{n}@x.example", self.word()), "type": self.dice.pick(&["work", "home", "Other"])}))
                .collect();
            json["emails"] = json!(emails);
            let primary = self.dice.roll(6);
            if let Some(email) = json["emails"].get_mut(primary) {
                email["primary"] = json!(true);
            }
        }
        if self.dice.chance(40) {
            json[ENTERPRISE_USER] =
                json!({"department": self.word(), "manager": {"value": self.word()}});
        }
        if self.dice.chance(60) {
            json["urn:example:x"] = json!({
                "level": self.dice.pick(NUMBERS), "ratio": self.dice.pick(DECIMALS),
                "tags": [self.word(), self.word()], "code": self.word(),
                "since": self.dice.pick(INSTANTS),
            });
        }
    }

    fn id(&mut self) -> ResourceId {
        self.ids[self.dice.roll(self.ids.len())].clone()
    }

    fn some_ids(&mut self) -> BTreeSet<ResourceId> {
        (0..self.dice.roll(5)).map(|_| self.id()).collect()
    }

    fn delta(&mut self) -> MemberDelta {
        let mut delta = MemberDelta::default();
        if self.dice.chance(20) {
            delta = MemberDelta::exactly(self.some_ids());
        }
        for _ in 0..self.dice.roll(4) {
            let id = self.id();
            if self.dice.chance(60) {
                delta.join(id);
            } else {
                delta.leave(id);
            }
        }
        delta
    }

    fn random_write(&mut self) -> Write {
        let name = self.dice.pick(&["User", "User", "Group"]);
        let kind = self.kind(name);
        let expected = self
            .dice
            .chance(15)
            .then(|| Version::new(1 + self.dice.roll(3) as u64));
        match self.dice.roll(11) {
            10 => Write::Restore(Box::new(self.restored(name))),
            0..=4 => Write::Insert {
                id: self.id(),
                document: self.document(name),
                members: if name == "Group" {
                    self.some_ids()
                } else {
                    BTreeSet::new()
                },
                connection: self.dice.chance(50).then(|| ConnectionId::new("c1")),
            },
            5..=8 => Write::Update {
                kind,
                id: self.id(),
                expected,
                document: self.dice.chance(60).then(|| self.document(name)),
                members: if name == "Group" {
                    self.delta()
                } else {
                    MemberDelta::default()
                },
            },
            _ => Write::Delete {
                kind,
                id: self.id(),
                expected,
            },
        }
    }

    /// A resource as it might have been elsewhere.
    fn restored(&mut self, name: &str) -> Resource {
        let created = self.now - Duration::days(1);
        let mut resource = Resource::new(self.id(), self.document(name), created);
        resource.version = Version::new(1 + self.dice.roll(5) as u64);
        resource.last_modified = self.now - Duration::hours(1);
        resource.connection = self.dice.chance(50).then(|| ConnectionId::new("c2"));
        if name == "Group" {
            let members = self.some_ids().into_iter();
            resource.members = Some(members.map(|id| Member::new(id, None, None)).collect());
        }
        resource
    }

    fn write(&mut self) {
        self.now += Duration::microseconds(1_234_567);
        let units: Vec<Unit> = (0..1 + self.dice.roll(4))
            .map(|index| {
                let mut unit = Unit::of(self.random_write());
                if self.dice.chance(30) {
                    unit.writes.push(self.random_write());
                }
                if index > 0 && self.dice.chance(20) {
                    unit.requires.push(index - 1);
                }
                unit.failed = self.dice.chance(5);
                unit
            })
            .collect();
        let mut batch = Batch::new(units, self.now);
        if self.dice.chance(40) {
            batch.unknown_members = UnknownMembers::Defer;
        }
        batch.stop_after_errors = self.dice.chance(20).then_some(1);
        let wanted = block_on(self.reference.commit(&self.tenant, &batch));
        let got = block_on(self.store.commit(&self.tenant, &batch));
        assert_eq!(got, wanted, "seed {}: {batch:?}", self.seed);
    }

    /// Every resource whole, and every tombstone.
    fn look(&self) {
        let load = Load {
            members: LoadMembers::All,
            groups: true,
        };
        for kind in [self.kind("User"), self.kind("Group")] {
            for id in &self.ids {
                let wanted = block_on(self.reference.get(&self.tenant, kind, id, load));
                let got = block_on(self.store.get(&self.tenant, kind, id, load));
                assert_eq!(got, wanted, "seed {}: {id}", self.seed);
            }
            let external = self.registry.common().external_id;
            for word in WORDS {
                let value = format!("x{word}");
                let wanted = self
                    .reference
                    .tombstone(&self.tenant, kind, external, &value);
                let got = self.store.tombstone(&self.tenant, kind, external, &value);
                assert_eq!(
                    block_on(got),
                    block_on(wanted),
                    "seed {}: {value}",
                    self.seed
                );
            }
        }
    }

    fn literal(&mut self, path: &str) -> String {
        let text = |text: &str| Json::from(text).to_string();
        match path {
            "active" | "emails.primary" | "primary" => self.dice.chance(50).to_string(),
            "urn:example:x:level" => self.dice.pick(NUMBERS).to_string(),
            "urn:example:x:ratio" => format!("{:?}", self.dice.pick(DECIMALS)),
            "urn:example:x:since" | "meta.created" | "meta.lastModified" => {
                if self.dice.chance(40) {
                    let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
                    let at = at.format(&time::format_description::well_known::Rfc3339);
                    text(&at.unwrap_or_default())
                } else {
                    text(self.dice.pick(INSTANTS))
                }
            }
            "id" | "members.value" | "groups.value" => text(self.id().as_str()),
            "meta.resourceType" => text(self.dice.pick(&["User", "Group", "user"])),
            "emails.type" | "type" => text(self.dice.pick(&["work", "WORK", "home", "o"])),
            "externalId" => text(&format!("x{}", self.word())),
            "userName" => text(&format!("{}-{}", self.word(), self.dice.roll(12))),
            "emails.value" | "value" => {
                text(&format!("{}{}@x.example", self.word(), self.dice.roll(3)))
            }
            _ => text(self.word()),
        }
    }

    fn comparison(&mut self, path: &str) -> String {
        if self.dice.chance(15) {
            return format!("{path} pr");
        }
        let op = self
            .dice
            .pick(&["eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
        let mut literal = self.literal(path);
        if literal.len() > 3 && literal.is_ascii() && self.dice.chance(30) {
            // A piece of it, for co, sw and ew
            let half = literal.len() / 2;
            literal = if self.dice.chance(50) {
                format!("{}\"", &literal[..half])
            } else {
                format!("\"{}", &literal[half..])
            };
        }
        format!("{path} {op} {literal}")
    }

    fn random_filter(&mut self, depth: usize) -> String {
        const PATHS: &[&str] = &[
            "userName",
            "displayName",
            "externalId",
            "active",
            "name.familyName",
            "emails.value",
            "emails.type",
            "emails.primary",
            "emails",
            "id",
            "meta.created",
            "meta.lastModified",
            "meta.resourceType",
            "urn:example:x:level",
            "urn:example:x:ratio",
            "urn:example:x:tags",
            "urn:example:x:code",
            "urn:example:x:since",
            "members.value",
            "members",
            "groups.value",
            "groups.display",
            "schemas",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        ];
        if depth > 0 && self.dice.chance(45) {
            return match self.dice.roll(4) {
                0 => format!("not ({})", self.random_filter(depth - 1)),
                1 => format!(
                    "({} or {})",
                    self.random_filter(depth - 1),
                    self.random_filter(depth - 1)
                ),
                2 => format!(
                    "({} and {})",
                    self.random_filter(depth - 1),
                    self.random_filter(depth - 1)
                ),
                _ => {
                    let inner = (0..1 + self.dice.roll(2))
                        .map(|_| {
                            let part = self.dice.pick(&["value", "type", "primary"]);
                            let test = self.comparison(part);
                            if self.dice.chance(25) {
                                format!("not ({test})")
                            } else {
                                test
                            }
                        })
                        .collect::<Vec<_>>();
                    let between = if self.dice.chance(70) {
                        " and "
                    } else {
                        " or "
                    };
                    format!("emails[{}]", inner.join(between))
                }
            };
        }
        let path = self.dice.pick(PATHS);
        self.comparison(path)
    }

    /// One random question; `false` when it is not a question for this resource type.
    fn ask(&mut self) -> bool {
        const SORTS: &[&str] = &[
            "userName",
            "displayName",
            "emails.value",
            "emails.primary",
            "name.familyName",
            "id",
            "externalId",
            "meta.created",
            "meta.lastModified",
            "urn:example:x:level",
            "urn:example:x:ratio",
            "urn:example:x:since",
            "urn:example:x:tags",
        ];
        let text = self.dice.chance(90).then(|| self.random_filter(3));
        let sort = self.dice.chance(60).then(|| self.dice.pick(SORTS));
        // Without a sort the order of ids is turned around: a page backwards
        let descending = self.dice.chance(40);
        let dialect = Dialect::default();
        let kinds: &[&str] = match self.dice.roll(3) {
            0 => &["User"],
            1 => &["Group"],
            _ => &["User", "Group"],
        };
        let load = Load {
            members: LoadMembers::AtMost(self.dice.roll(4)),
            groups: self.dice.chance(50),
        };
        let all: Vec<_> = kinds.iter().map(|name| self.kind(name)).collect();
        let mut targets = Vec::new();
        for kind in &all {
            let mut resolver = Resolver::new(&self.registry, *kind, &dialect).among(&all);
            let mut target = QueryTarget::all(*kind);
            target.load = load;
            if let Some(text) = &text {
                let resolved = Expr::parse(text, &FilterLimits::default())
                    .and_then(|expr| resolver.filter(&expr));
                let Ok(filter) = resolved else { return false };
                target.filter = Some(filter);
            }
            if let Some(sort) = sort {
                let Ok(sort) = resolver.sort(sort, descending) else {
                    return false;
                };
                target.sort = Some(sort);
            }
            targets.push(target);
        }
        let mut query = Query::new(targets.remove(0), self.dice.roll(8) as u64);
        query.targets.extend(targets);
        query.descending = descending;
        query.count_total = self.dice.chance(70);
        if self.dice.chance(40) {
            query.start = Start::Offset(self.dice.roll(10) as u64);
        }
        let wanted = block_on(self.reference.find(&self.tenant, &query)).expect("the reference");
        let got = block_on(self.store.find(&self.tenant, &query)).expect("an answer");
        assert_eq!(
            got, wanted,
            "seed {}: {text:?} sorted by {sort:?}: {query:?}",
            self.seed
        );
        // The next pages by keyset, too
        query.start = Start::After(wanted.next);
        let wanted = block_on(self.reference.find(&self.tenant, &query)).expect("the reference");
        let got = block_on(self.store.find(&self.tenant, &query)).expect("an answer");
        assert_eq!(
            got, wanted,
            "seed {}: {text:?} sorted by {sort:?}: {query:?}",
            self.seed
        );
        true
    }
}
