//! Assertions that have been accepted: [`saml_sp::ReplayStore`] over SQL.

use saml_sp::{ReplayKey, ReplayStore, StoreError};
use time::OffsetDateTime;

use crate::db::params;
use crate::error::DbError;
use crate::sql;
use crate::store::{Store, hash_parts, to_millis};

impl Store {
    // Never bounded by count: only assertions that passed every check get here, and one that were
    // forgotten early could be replayed.
    fn record_assertion(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, DbError> {
        let hash = hash_parts(&[
            Some(key.connection().as_str()),
            Some(key.issuer()),
            Some(key.assertion_id()),
        ]);
        let until = to_millis(until)?;
        let now = to_millis(now)?;
        self.write(|db| {
            db.execute(sql::REPLAY_PURGE, params![now])?;
            Ok(db.execute(sql::REPLAY_INSERT, params![&hash[..], until])? == 1)
        })
    }
}

impl ReplayStore for Store {
    async fn insert_once(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.record_assertion(key, until, now)
            .map_err(StoreError::new)
    }
}
