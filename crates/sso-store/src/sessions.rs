//! Users that have logged in, and their sessions.

use std::collections::BTreeMap;
use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;
use time::OffsetDateTime;

use crate::connections::ConnectionName;
use crate::db::params;
use crate::error::{DbError, DbErrorKind};
use crate::sql;
use crate::store::{Store, from_json, from_millis, hash_parts, to_json, to_millis};

/// The secret that a browser keeps in its cookie. The database holds only its SHA-256, so a copy
/// of the database opens no session.
#[derive(Clone)]
pub struct SessionId(String);

impl SessionId {
    /// A fresh one: 256 random bits, in lower-case hexadecimal.
    fn generate() -> Result<Self, DbError> {
        let mut bytes = [0u8; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| DbError::because(DbErrorKind::Unavailable, "no randomness"))?;
        Ok(Self(bytes.iter().fold(String::new(), |mut hex, byte| {
            hex.push_str(&format!("{byte:02x}"));
            hex
        })))
    }

    /// What a cookie said. Anything is taken here; a wrong value finds no session.
    #[must_use]
    pub fn from_cookie(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The value to put into the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        hash_parts(&[Some(&self.0)])
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}

/// Whose session it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Somebody who logged in by SAML.
    User,
    /// The local administrator.
    Administrator,
}

impl SessionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
        }
    }
}

/// What to remember of a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionRecord {
    /// Whose session it is.
    pub kind: SessionKind,
    /// The connection it came through; none for an administrator.
    pub connection: Option<ConnectionName>,
    /// The user, as [`Store::seen_user`] numbered it; of an administrator the account.
    pub user_id: Option<i64>,
    /// What the application wants to find again: subject, attributes, how it was verified.
    pub data: Value,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

impl SessionRecord {
    /// A session from `created_at` until `expires_at`.
    #[must_use]
    pub fn new(
        kind: SessionKind,
        data: Value,
        created_at: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            kind,
            connection: None,
            user_id: None,
            data,
            created_at,
            expires_at,
        }
    }
}

/// What makes a user the same user next time: the connection and the whole NameID with its
/// qualifiers. Never an e-mail address alone, never across connections.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "SAML Core §2.2.2 fixes what identifies a NameID"
)]
pub struct UserKey<'a> {
    /// The connection.
    pub connection: &'a ConnectionName,
    /// The NameID's text, verbatim.
    pub name_id: &'a str,
    /// Its Format, if it had one.
    pub format: Option<&'a str>,
    /// Its NameQualifier, if it had one.
    pub name_qualifier: Option<&'a str>,
    /// Its SPNameQualifier, if it had one.
    pub sp_name_qualifier: Option<&'a str>,
}

/// A user who has logged in at least once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserRecord {
    /// Our number for it.
    pub id: i64,
    /// The connection it came through.
    pub connection: String,
    /// NameID, verbatim.
    pub name_id: String,
    /// Format of the NameID.
    pub format: Option<String>,
    /// NameQualifier of the NameID.
    pub name_qualifier: Option<String>,
    /// SPNameQualifier of the NameID.
    pub sp_name_qualifier: Option<String>,
    /// First login.
    pub first_seen: OffsetDateTime,
    /// Latest login.
    pub last_seen: OffsetDateTime,
    /// The account that it is linked to.
    pub account_id: Option<i64>,
}

/// A user from before there were accounts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EarlierUser {
    /// Our number for it.
    pub id: i64,
    /// The connection it came through.
    pub connection: String,
    /// NameID, verbatim.
    pub name_id: String,
    /// The SCIM resource that it was linked to.
    pub scim_id: Option<String>,
}

impl UserKey<'_> {
    fn hash(&self) -> Vec<u8> {
        hash_parts(&[
            Some(self.connection.as_str()),
            Some(self.name_id),
            self.format,
            self.name_qualifier,
            self.sp_name_qualifier,
        ])
    }
}

type RawSession = (Option<String>, Option<i64>, String, i64, i64);

impl Store {
    /// Opens a session under a fresh random id and, in the same transaction, ends the session
    /// `replaces` (the id a browser had before it logged in must not live on after it).
    ///
    /// # Errors
    /// `store.invalid_value`, `store.busy`, `store.unavailable`.
    pub fn open_session(
        &self,
        record: &SessionRecord,
        replaces: Option<&SessionId>,
    ) -> Result<SessionId, DbError> {
        let id = SessionId::generate()?;
        let data = to_json(&record.data)?;
        let created = to_millis(record.created_at)?;
        let expires = to_millis(record.expires_at)?;
        self.write(|db| {
            db.execute(sql::SESSION_PURGE, params![created])?;
            if let Some(old) = replaces {
                db.execute(sql::SESSION_DELETE, params![old.hash()])?;
            }
            db.execute(
                sql::SESSION_INSERT,
                params![
                    id.hash(),
                    record.kind.as_str(),
                    record.connection.as_ref().map(ConnectionName::as_str),
                    record.user_id,
                    &data,
                    created,
                    expires,
                ],
            )?;
            Ok(())
        })?;
        Ok(id)
    }

    /// The session of that kind behind a cookie, unless it has ended.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn session(
        &self,
        id: &SessionId,
        kind: SessionKind,
        now: OffsetDateTime,
    ) -> Result<Option<SessionRecord>, DbError> {
        let now = to_millis(now)?;
        let row: Option<RawSession> = self.read(|db| {
            let params = params![id.hash(), kind.as_str(), now];
            db.optional(sql::SESSION_FIND, params, |row| {
                Ok((
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            })
        })?;
        let Some((connection, user_id, data, created, expires)) = row else {
            return Ok(None);
        };
        Ok(Some(SessionRecord {
            kind,
            connection: connection.map(|name| name.parse()).transpose()?,
            user_id,
            data: from_json(&data)?,
            created_at: from_millis(created)?,
            expires_at: from_millis(expires)?,
        }))
    }

    /// Ends a session. `false` when there was none.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn end_session(&self, id: &SessionId) -> Result<bool, DbError> {
        self.write(|db| Ok(db.execute(sql::SESSION_DELETE, params![id.hash()])? == 1))
    }

    /// Ends the user sessions of a connection whose data `chosen` picks. Returns how many.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn end_sessions_where(
        &self,
        connection: &ConnectionName,
        chosen: impl Fn(&Value) -> bool,
    ) -> Result<usize, DbError> {
        self.write(|db| {
            let params = params![connection.as_str(), SessionKind::User.as_str()];
            let rows = db.query(sql::SESSION_LIST_OF, params, |row| {
                Ok((row.get::<Vec<u8>>(0)?, row.get::<String>(1)?))
            })?;
            let mut ended = 0;
            for (hash, data) in rows {
                if chosen(&from_json(&data)?) {
                    ended += db.execute(sql::SESSION_DELETE, params![hash])?;
                }
            }
            Ok(ended)
        })
    }

    /// How many sessions of that kind are open.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn open_sessions(&self, kind: SessionKind, now: OffsetDateTime) -> Result<u64, DbError> {
        let now = to_millis(now)?;
        let count: i64 = self.read(|db| {
            db.one(sql::SESSION_COUNT, params![kind.as_str(), now], |row| {
                row.get(0)
            })
        })?;
        Ok(count.unsigned_abs())
    }

    /// Notes that a user logged in, making the user at the first login. Returns our number for it.
    ///
    /// # Errors
    /// `store.invalid_value`, `store.busy`, `store.unavailable`.
    pub fn seen_user(&self, key: &UserKey<'_>, now: OffsetDateTime) -> Result<i64, DbError> {
        let hash = key.hash();
        let now = to_millis(now)?;
        self.write(|db| {
            db.one(
                sql::USER_UPSERT,
                params![
                    key.connection.as_str(),
                    &hash[..],
                    key.name_id,
                    key.format,
                    key.name_qualifier,
                    key.sp_name_qualifier,
                    now,
                ],
                |row| row.get(0),
            )
        })
    }

    /// The account that a NameID is linked to.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn account_id_of(&self, key: &UserKey<'_>) -> Result<Option<i64>, DbError> {
        let hash = key.hash();
        self.read(|db| {
            let found: Option<Option<i64>> =
                db.optional(sql::USER_ACCOUNT, params![&hash[..]], |row| row.get(0))?;
            Ok(found.flatten())
        })
    }

    /// The account of a user, as [`Store::seen_user`] numbered it.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn account_id_of_user(&self, user: i64) -> Result<Option<i64>, DbError> {
        self.read(|db| {
            let found: Option<Option<i64>> =
                db.optional(sql::USER_ACCOUNT_OF, params![user], |row| row.get(0))?;
            Ok(found.flatten())
        })
    }

    /// Links a user to an account.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn link_user(&self, user: i64, account: i64) -> Result<(), DbError> {
        self.write(|db| {
            db.execute(sql::USER_SET_ACCOUNT, params![user, account])?;
            Ok(())
        })
    }

    /// First and latest login of each account that anybody logged in to.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn logins(&self) -> Result<BTreeMap<i64, (OffsetDateTime, OffsetDateTime)>, DbError> {
        let rows: Vec<(i64, i64, i64)> = self.read(|db| {
            db.query(sql::USER_LOGINS, params![], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
        })?;
        rows.into_iter()
            .map(|(id, first, last)| Ok((id, (from_millis(first)?, from_millis(last)?))))
            .collect()
    }

    /// Users that an older version of this crate wrote, which have no account yet.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn users_without_account(&self, limit: u32) -> Result<Vec<EarlierUser>, DbError> {
        self.read(|db| {
            db.query(sql::USERS_WITHOUT_ACCOUNT, params![limit], |row| {
                Ok(EarlierUser {
                    id: row.get(0)?,
                    connection: row.get(1)?,
                    name_id: row.get(2)?,
                    scim_id: row.get(3)?,
                })
            })
        })
    }

    /// Every user, by connection and NameID.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn users(&self) -> Result<Vec<UserRecord>, DbError> {
        self.users_where(sql::USER_LIST, params![])
    }

    /// The users that are linked to an account.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn users_of_account(&self, account: i64) -> Result<Vec<UserRecord>, DbError> {
        self.users_where(sql::USERS_OF_ACCOUNT, params![account])
    }

    fn users_where(
        &self,
        sql: &str,
        params: &[crate::db::Param<'_>],
    ) -> Result<Vec<UserRecord>, DbError> {
        let rows: Vec<(UserRecord, i64, i64)> = self.read(|db| {
            db.query(sql, params, |row| {
                Ok((
                    UserRecord {
                        id: row.get(0)?,
                        connection: row.get(1)?,
                        name_id: row.get(2)?,
                        format: row.get(3)?,
                        name_qualifier: row.get(4)?,
                        sp_name_qualifier: row.get(5)?,
                        first_seen: OffsetDateTime::UNIX_EPOCH,
                        last_seen: OffsetDateTime::UNIX_EPOCH,
                        account_id: row.get(8)?,
                    },
                    row.get(6)?,
                    row.get(7)?,
                ))
            })
        })?;
        rows.into_iter()
            .map(|(user, first, last)| {
                Ok(UserRecord {
                    first_seen: from_millis(first)?,
                    last_seen: from_millis(last)?,
                    ..user
                })
            })
            .collect()
    }
}
