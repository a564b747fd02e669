//! Logins that have been started and not yet finished: [`saml_sp::RequestStore`] over SQL.

use saml_sp::{Consumed, PendingLogin, RequestId, RequestStore, StoreError};
use time::OffsetDateTime;

use crate::db::{Db, params};
use crate::error::DbError;
use crate::sql;
use crate::store::{Store, from_json, to_json, to_millis};

/// How many pending logins are kept at most. Anybody can start a login, so there is a bound; when
/// it is reached the oldest go first. Refusing new ones instead would let a flood lock everybody
/// out until the flood expires; this way it has to outrun the ten minutes a login may take.
pub const MAX_PENDING: i64 = 100_000;

/// An expired login stays for an hour, so that a late answer is told apart from an unknown one.
pub(crate) const KEEP_EXPIRED_MILLIS: i64 = 60 * 60 * 1000;

impl Store {
    /// Whether that login was finished before. `None`: there is no such login.
    ///
    /// For a better explanation only; what decides is [`RequestStore::consume`].
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn pending_used(&self, id: &RequestId) -> Result<Option<bool>, DbError> {
        self.read(|db| db.optional(sql::PENDING_STATE, params![id.as_str()], |row| row.get(0)))
    }

    fn put_pending(&self, login: &PendingLogin) -> Result<(), DbError> {
        let body = to_json(login)?;
        let created = to_millis(login.created())?;
        let expires = to_millis(login.expires())?;
        self.write(|db| {
            make_room(db, created)?;
            db.execute(
                sql::PENDING_INSERT,
                params![
                    login.id().as_str(),
                    login.connection().as_str(),
                    &body,
                    created,
                    expires,
                ],
            )?;
            Ok(())
        })
    }

    fn find_pending(&self, id: &RequestId) -> Result<Option<PendingLogin>, DbError> {
        let body: Option<String> =
            self.read(|db| db.optional(sql::PENDING_FIND, params![id.as_str()], |row| row.get(0)))?;
        body.as_deref().map(from_json).transpose()
    }

    fn consume_pending(&self, id: &RequestId, now: OffsetDateTime) -> Result<Consumed, DbError> {
        let now = to_millis(now)?;
        self.write(|db| {
            if db.execute(sql::PENDING_CONSUME, params![id.as_str(), now])? == 1 {
                return Ok(Consumed::Now);
            }
            let used: Option<bool> =
                db.optional(sql::PENDING_STATE, params![id.as_str()], |row| row.get(0))?;
            // What was not used could not be: its time is over
            Ok(if used == Some(true) {
                Consumed::AlreadyUsed
            } else {
                Consumed::Unknown
            })
        })
    }
}

fn make_room(db: Db<'_>, now: i64) -> Result<(), DbError> {
    db.execute(sql::PENDING_PURGE, params![now - KEEP_EXPIRED_MILLIS])?;
    let count: i64 = db.one(sql::PENDING_COUNT, params![], |row| row.get(0))?;
    if count >= MAX_PENDING {
        db.execute(sql::PENDING_EVICT, params![count - MAX_PENDING + 1])?;
    }
    Ok(())
}

impl RequestStore for Store {
    async fn put(&self, login: &PendingLogin) -> Result<(), StoreError> {
        self.put_pending(login).map_err(StoreError::new)
    }

    async fn find(&self, id: &RequestId) -> Result<Option<PendingLogin>, StoreError> {
        self.find_pending(id).map_err(StoreError::new)
    }

    async fn consume(&self, id: &RequestId, now: OffsetDateTime) -> Result<Consumed, StoreError> {
        self.consume_pending(id, now).map_err(StoreError::new)
    }
}
