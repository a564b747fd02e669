-- Resources as documents, and beside them what they are found by. Times of resources are Unix
-- nanoseconds. Every key begins with the tenant: it is what to shard by.

CREATE TABLE scim_resources (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    modified    INTEGER NOT NULL,
    connection  TEXT,
    display     TEXT,
    document    TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX scim_resources_by_kind ON scim_resources (tenant, kind, id);

-- One row for each value of each attribute, and of each part of each element.
CREATE TABLE scim_values (
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    attr        INTEGER NOT NULL,
    element     INTEGER NOT NULL,
    lead        INTEGER NOT NULL,
    key         TEXT,
    PRIMARY KEY (tenant, id, attr, element)
) WITHOUT ROWID;
CREATE INDEX scim_values_by_key ON scim_values (tenant, attr, key, id) WHERE key IS NOT NULL;

CREATE TABLE scim_unique (
    tenant      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    attr        INTEGER NOT NULL,
    key         TEXT NOT NULL,
    id          TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, attr, key)
) WITHOUT ROWID;
CREATE INDEX scim_unique_by_holder ON scim_unique (tenant, id);

CREATE TABLE scim_members (
    tenant      TEXT NOT NULL,
    group_id    TEXT NOT NULL,
    member_id   TEXT NOT NULL,
    PRIMARY KEY (tenant, group_id, member_id)
) WITHOUT ROWID;
CREATE INDEX scim_members_by_member ON scim_members (tenant, member_id, group_id);

CREATE TABLE scim_tombstones (
    seq         INTEGER PRIMARY KEY,
    tenant      TEXT NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    connection  TEXT,
    deleted     INTEGER NOT NULL,
    UNIQUE (tenant, id)
);
CREATE TABLE scim_tombstone_keys (
    tenant      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    attr        INTEGER NOT NULL,
    key         TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, attr, key, seq)
) WITHOUT ROWID;

CREATE TABLE scim_outbox (
    seq         INTEGER PRIMARY KEY,
    tenant      TEXT NOT NULL,
    event       TEXT NOT NULL
);

CREATE TABLE scim_tokens (
    hash        TEXT PRIMARY KEY NOT NULL,
    connection  TEXT NOT NULL,
    created     INTEGER NOT NULL,
    record      TEXT NOT NULL
);
CREATE INDEX scim_tokens_by_connection ON scim_tokens (connection, created);

CREATE TABLE scim_log (
    seq         INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    connection  TEXT NOT NULL,
    entry       TEXT NOT NULL
);
CREATE INDEX scim_log_by_time ON scim_log (at);
CREATE INDEX scim_log_by_connection ON scim_log (connection, seq);

CREATE TABLE scim_schemas (
    urn           TEXT PRIMARY KEY NOT NULL,
    resource_type TEXT NOT NULL,
    definition    TEXT NOT NULL
);
