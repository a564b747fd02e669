//! Every statement in one place, in the SQL that SQLite and PostgreSQL share:
//! numbered parameters (`?1` here, `$1` there: to SQLite `$1` would be a name, numbered by first
//! appearance), `ON CONFLICT`, `RETURNING`, no `LOWER(column)`, no rowid. A parameter's first use
//! has to tell its type. What differs is in [`crate::db::dialect`].
//!
//! Times are Unix milliseconds. JSON is text. Names are folded to lower case before they get here.

/// Schema steps. `user_version` counts how many were applied; a step is never edited once released.
pub(crate) const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE connections (
    name        TEXT PRIMARY KEY NOT NULL,
    label       TEXT NOT NULL,
    preset      TEXT,
    entity_id   TEXT NOT NULL,
    source      TEXT NOT NULL,
    settings    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
CREATE INDEX connections_by_entity_id ON connections (entity_id);

CREATE TABLE pending_logins (
    id          TEXT PRIMARY KEY NOT NULL,
    connection  TEXT NOT NULL,
    body        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    consumed_at INTEGER
);
CREATE INDEX pending_logins_by_expiry ON pending_logins (expires_at);

CREATE TABLE replay (
    key_hash    BLOB PRIMARY KEY NOT NULL,
    keep_until  INTEGER NOT NULL
);
CREATE INDEX replay_by_expiry ON replay (keep_until);

CREATE TABLE users (
    id                INTEGER PRIMARY KEY,
    connection        TEXT NOT NULL,
    key_hash          BLOB NOT NULL UNIQUE,
    name_id           TEXT NOT NULL,
    format            TEXT,
    name_qualifier    TEXT,
    sp_name_qualifier TEXT,
    first_seen        INTEGER NOT NULL,
    last_seen         INTEGER NOT NULL
);
CREATE INDEX users_by_connection ON users (connection);

CREATE TABLE sessions (
    id_hash     BLOB PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL,
    connection  TEXT,
    user_id     INTEGER,
    data        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_connection ON sessions (connection);

CREATE TABLE log (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL,
    connection  TEXT,
    code        TEXT,
    reference   TEXT NOT NULL,
    summary     TEXT NOT NULL,
    report      TEXT
);
CREATE INDEX log_by_reference ON log (reference);
CREATE INDEX log_by_time ON log (at);

CREATE TABLE log_messages (
    log_id      INTEGER PRIMARY KEY NOT NULL,
    at          INTEGER NOT NULL,
    message     TEXT NOT NULL
);
CREATE INDEX log_messages_by_time ON log_messages (at);

CREATE TABLE administrators (
    name          TEXT PRIMARY KEY NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
);

CREATE TABLE secrets (
    name        TEXT PRIMARY KEY NOT NULL,
    value       TEXT NOT NULL
);
",
    "
ALTER TABLE connections ADD COLUMN metadata TEXT;
",
    include_str!("scim/schema.sql"),
    "
ALTER TABLE users ADD COLUMN scim_id TEXT;
CREATE INDEX users_by_scim_id ON users (connection, scim_id);
",
    "
CREATE TABLE accounts (
    id             INTEGER PRIMARY KEY,
    connection     TEXT,
    scim_id        TEXT,
    scim_version   INTEGER NOT NULL,
    name           TEXT NOT NULL,
    name_key       TEXT NOT NULL,
    status         TEXT NOT NULL,
    status_by      TEXT NOT NULL,
    roles          TEXT NOT NULL,
    roles_pinned   INTEGER NOT NULL,
    taken_groups   TEXT NOT NULL,
    provisioned_by TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL
);
CREATE UNIQUE INDEX accounts_by_scim_id ON accounts (connection, scim_id);
CREATE INDEX accounts_by_name ON accounts (connection, name_key);
CREATE INDEX accounts_by_connection ON accounts (connection, id);
INSERT INTO accounts (connection, scim_id, scim_version, name, name_key, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at)
    SELECT NULL, NULL, 0, name, name, 'active', 'administrator', '[\"admin\"]', 1, '[]', 'local',
    created_at, created_at FROM administrators;
DELETE FROM sessions WHERE kind = 'administrator';
ALTER TABLE users ADD COLUMN account_id INTEGER;
CREATE INDEX users_by_account ON users (account_id);
CREATE INDEX sessions_by_user ON sessions (user_id);
ALTER TABLE log ADD COLUMN account_id INTEGER;
CREATE INDEX log_by_connection ON log (connection, id);
CREATE INDEX log_by_account ON log (account_id, id);
CREATE INDEX log_by_code ON log (code, id);
",
    "
CREATE INDEX log_of_refusals ON log (id) WHERE event IN ('login.rejected', 'admin.refused');
",
];

pub(crate) const CONNECTION_INSERT: &str = "INSERT INTO connections
    (name, label, preset, entity_id, source, settings, created_at, updated_at, metadata)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT (name) DO NOTHING";
pub(crate) const CONNECTION_UPDATE: &str = "UPDATE connections
    SET label = ?2, preset = ?3, entity_id = ?4, source = ?5, settings = ?6, updated_at = ?7
    WHERE name = ?1";
pub(crate) const CONNECTION_SET_METADATA: &str =
    "UPDATE connections SET metadata = ?2, entity_id = ?3 WHERE name = ?1";
pub(crate) const TOKENS_DELETE_OF: &str = "DELETE FROM scim_tokens WHERE connection = ?1";
pub(crate) const CONNECTION_DELETE: &str = "DELETE FROM connections WHERE name = ?1";
pub(crate) const CONNECTION_GET: &str = "SELECT name, label, preset, entity_id, source, settings,
    created_at, updated_at, metadata FROM connections WHERE name = ?1";
pub(crate) const CONNECTION_SETTINGS: &str = "SELECT settings FROM connections WHERE name = ?1";
pub(crate) const CONNECTION_LIST: &str = "SELECT name, label, preset, entity_id, source, settings,
    created_at, updated_at, metadata FROM connections ORDER BY label, name";

pub(crate) const CONNECTION_BY_ENTITY_ID: &str =
    "SELECT name, label, preset, entity_id, source, settings,
    created_at, updated_at, metadata FROM connections WHERE entity_id = ?1 ORDER BY name LIMIT ?2";

pub(crate) const PENDING_INSERT: &str = "INSERT INTO pending_logins
    (id, connection, body, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const PENDING_FIND: &str = "SELECT body FROM pending_logins WHERE id = ?1";
// One statement decides who was first; two racing callers cannot both see a changed row.
pub(crate) const PENDING_CONSUME: &str = "UPDATE pending_logins SET consumed_at = ?2
    WHERE id = ?1 AND consumed_at IS NULL AND expires_at > ?2";
pub(crate) const PENDING_STATE: &str =
    "SELECT consumed_at IS NOT NULL FROM pending_logins WHERE id = ?1";
pub(crate) const PENDING_PURGE: &str = "DELETE FROM pending_logins WHERE expires_at < ?1";
pub(crate) const PENDING_COUNT: &str = "SELECT COUNT(*) FROM pending_logins";
pub(crate) const PENDING_EVICT: &str = "DELETE FROM pending_logins WHERE id IN
    (SELECT id FROM pending_logins ORDER BY created_at LIMIT ?1)";
pub(crate) const PENDING_DELETE_OF: &str = "DELETE FROM pending_logins WHERE connection = ?1";

pub(crate) const REPLAY_INSERT: &str =
    "INSERT INTO replay (key_hash, keep_until) VALUES (?1, ?2) ON CONFLICT (key_hash) DO NOTHING";
pub(crate) const REPLAY_PURGE: &str = "DELETE FROM replay WHERE keep_until < ?1";

pub(crate) const USER_UPSERT: &str = "INSERT INTO users
    (connection, key_hash, name_id, format, name_qualifier, sp_name_qualifier, first_seen, last_seen)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
    ON CONFLICT (key_hash) DO UPDATE SET last_seen = excluded.last_seen
    RETURNING id, first_seen, last_seen";
pub(crate) const USER_LIST: &str = "SELECT id, connection, name_id, format, name_qualifier,
    sp_name_qualifier, first_seen, last_seen, account_id FROM users ORDER BY connection, name_id, id";

pub(crate) const USER_ACCOUNT: &str = "SELECT account_id FROM users WHERE key_hash = ?1";
pub(crate) const USER_ACCOUNT_OF: &str = "SELECT account_id FROM users WHERE id = ?1";
pub(crate) const USERS_OF_ACCOUNT: &str = "SELECT id, connection, name_id, format, name_qualifier,
    sp_name_qualifier, first_seen, last_seen, account_id FROM users WHERE account_id = ?1 ORDER BY id";
pub(crate) const USERS_WITHOUT_ACCOUNT: &str = "SELECT id, connection, name_id, scim_id FROM users
    WHERE account_id IS NULL ORDER BY id LIMIT ?1";
pub(crate) const USER_LOGINS: &str = "SELECT account_id, MIN(first_seen), MAX(last_seen) FROM users
    WHERE account_id IS NOT NULL GROUP BY account_id";

pub(crate) const ACCOUNT_INSERT: &str = "INSERT INTO accounts (connection, scim_id, scim_version, name,
    name_key, status, status_by, roles, roles_pinned, taken_groups, provisioned_by, created_at, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING id";
pub(crate) const ACCOUNT_UPDATE: &str = "UPDATE accounts SET connection = ?2, scim_id = ?3,
    scim_version = ?4, name = ?5, name_key = ?6, status = ?7, status_by = ?8, roles = ?9,
    roles_pinned = ?10, taken_groups = ?11, provisioned_by = ?12, changed_at = ?13 WHERE id = ?1";
pub(crate) const ACCOUNT_GET: &str =
    "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE id = ?1";
pub(crate) const ACCOUNT_OF_SCIM: &str = "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE connection = ?1 AND scim_id = ?2";
pub(crate) const ACCOUNT_NAMED: &str = "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE connection = ?1 AND name_key = ?2";
pub(crate) const ACCOUNT_LOCAL: &str = "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE connection IS NULL
    AND name_key = ?1 AND status <> 'deleted' ORDER BY id LIMIT 1";
pub(crate) const ACCOUNT_LOCALS: &str = "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE connection IS NULL
    AND status = 'active' ORDER BY id";
pub(crate) const ACCOUNT_LIST: &str = "SELECT id, connection, scim_id, scim_version, name, status, status_by, roles,
    roles_pinned, taken_groups, provisioned_by, created_at, changed_at FROM accounts WHERE (connection = ?1 OR ?1 IS NULL)
    AND id > ?2 ORDER BY id LIMIT ?3";
pub(crate) const ACCOUNT_COUNT: &str =
    "SELECT COUNT(*) FROM accounts WHERE connection = ?1 AND status <> 'deleted'";
pub(crate) const ACCOUNT_UNSETTLED: &str = "SELECT r.id FROM scim_resources r
    LEFT JOIN accounts a ON a.connection = r.tenant AND a.scim_id = r.id
    WHERE r.tenant = ?1 AND r.kind = 'User' AND (a.id IS NULL OR a.scim_version <> r.version)
    UNION SELECT a.scim_id FROM accounts a
    LEFT JOIN scim_resources r ON r.tenant = a.connection AND r.id = a.scim_id
    WHERE a.connection = ?1 AND a.scim_version <> 0 AND r.id IS NULL LIMIT ?2";
pub(crate) const SCIM_USER_IDS: &str = "SELECT id FROM scim_resources
    WHERE tenant = ?1 AND kind = 'User' AND id > ?2 ORDER BY id LIMIT ?3";
pub(crate) const USER_SET_ACCOUNT: &str = "UPDATE users SET account_id = ?2 WHERE id = ?1";
pub(crate) const SESSION_DELETE_OF_ACCOUNT: &str =
    "DELETE FROM sessions WHERE kind = 'user' AND user_id IN
    (SELECT id FROM users WHERE account_id = ?1)";
pub(crate) const SESSION_DELETE_OF_ADMIN: &str =
    "DELETE FROM sessions WHERE kind = 'administrator' AND user_id = ?1";
/// Everything that users of a connection are in, children first.
pub(crate) const REMOVE_USERS_OF: &[&str] = &[
    "DELETE FROM sessions WHERE connection = ?1",
    "DELETE FROM users WHERE connection = ?1",
    "DELETE FROM accounts WHERE connection = ?1",
    "DELETE FROM scim_members WHERE tenant = ?1",
    "DELETE FROM scim_values WHERE tenant = ?1",
    "DELETE FROM scim_unique WHERE tenant = ?1",
    "DELETE FROM scim_tombstone_keys WHERE tenant = ?1",
    "DELETE FROM scim_tombstones WHERE tenant = ?1",
    "DELETE FROM scim_outbox WHERE tenant = ?1",
    "DELETE FROM scim_resources WHERE tenant = ?1",
];

pub(crate) const SESSION_INSERT: &str = "INSERT INTO sessions
    (id_hash, kind, connection, user_id, data, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const SESSION_FIND: &str =
    "SELECT kind, connection, user_id, data, created_at, expires_at
    FROM sessions WHERE id_hash = ?1 AND kind = ?2 AND expires_at > ?3";
pub(crate) const SESSION_DELETE: &str = "DELETE FROM sessions WHERE id_hash = ?1";
pub(crate) const SESSION_LIST_OF: &str =
    "SELECT id_hash, data FROM sessions WHERE connection = ?1 AND kind = ?2";
pub(crate) const SESSION_DELETE_OF: &str = "DELETE FROM sessions WHERE connection = ?1";
pub(crate) const SESSION_PURGE: &str = "DELETE FROM sessions WHERE expires_at <= ?1";
pub(crate) const SESSION_COUNT: &str =
    "SELECT COUNT(*) FROM sessions WHERE kind = ?1 AND expires_at > ?2";

pub(crate) const LOG_INSERT: &str = "INSERT INTO log
    (at, event, connection, code, reference, summary, report, account_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id";
pub(crate) const LOG_MESSAGE_INSERT: &str =
    "INSERT INTO log_messages (log_id, at, message) VALUES (?1, ?2, ?3)";
pub(crate) const LOG_MESSAGE_GET: &str = "SELECT message FROM log_messages WHERE log_id = ?1";
pub(crate) const LOG_LIST: &str =
    "SELECT log.id, log.at, event, connection, code, reference, summary, report,
    log_messages.log_id IS NOT NULL, account_id
    FROM log LEFT JOIN log_messages ON log_messages.log_id = log.id
    WHERE log.id < ?1 AND (connection = ?3 OR ?3 IS NULL) AND (code = ?4 OR ?4 IS NULL)
    AND (log.at >= ?5 OR ?5 IS NULL) AND (log.at < ?6 OR ?6 IS NULL)
    AND (account_id = ?7 OR ?7 IS NULL) AND (CAST(?8 AS BIGINT) = 0
    OR (code IS NOT NULL AND event NOT IN ('user.waiting', 'user.disabled', 'user.deleted')))
    ORDER BY log.id DESC LIMIT ?2";
pub(crate) const LOG_BY_REFERENCE: &str =
    "SELECT log.id, log.at, event, connection, code, reference, summary, report,
    log_messages.log_id IS NOT NULL, account_id
    FROM log LEFT JOIN log_messages ON log_messages.log_id = log.id
    WHERE reference = ?1 ORDER BY log.id DESC LIMIT 1";
pub(crate) const LOG_PURGE: &str = "DELETE FROM log WHERE at < ?1";
// Only what anybody on the network can cause is trimmed by count: a flood of it must not wash the
// rest of the history away. In the words of the index log_of_refusals: a log has millions of other rows.
pub(crate) const LOG_TRIM: &str = "DELETE FROM log
    WHERE event IN ('login.rejected', 'admin.refused') AND id <= (SELECT id FROM log
    WHERE event IN ('login.rejected', 'admin.refused') ORDER BY id DESC LIMIT 1 OFFSET ?1)";
pub(crate) const LOG_MESSAGE_PURGE: &str = "DELETE FROM log_messages WHERE at < ?1";
pub(crate) const LOG_MESSAGE_TRIM: &str = "DELETE FROM log_messages WHERE log_id IN
    (SELECT log_id FROM log_messages ORDER BY log_id DESC LIMIT 1000000 OFFSET ?1)";
pub(crate) const LOG_MESSAGE_ORPHANS: &str =
    "DELETE FROM log_messages WHERE log_id NOT IN (SELECT id FROM log)";

pub(crate) const ADMIN_INSERT: &str = "INSERT INTO administrators (name, password_hash, created_at)
    VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING";
pub(crate) const ADMIN_SET_PASSWORD: &str =
    "UPDATE administrators SET password_hash = ?2 WHERE name = ?1";
pub(crate) const ADMIN_GET: &str = "SELECT password_hash FROM administrators WHERE name = ?1";
pub(crate) const ADMIN_DELETE: &str = "DELETE FROM administrators WHERE name = ?1";
pub(crate) const ADMIN_COUNT: &str = "SELECT COUNT(*) FROM administrators";
pub(crate) const SESSION_DELETE_KIND: &str = "DELETE FROM sessions WHERE kind = ?1";

pub(crate) const SECRET_INSERT: &str =
    "INSERT INTO secrets (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
pub(crate) const SECRET_GET: &str = "SELECT value FROM secrets WHERE name = ?1";
