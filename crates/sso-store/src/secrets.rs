//! Private keys of this installation, and the local administrators.

use std::fmt;

use time::OffsetDateTime;

use crate::accounts::{ADMINISTRATOR_ROLE, Account, ProvisionedBy, SetBy};
use crate::db::params;
use crate::error::{DbError, DbErrorKind};
use crate::sql;
use crate::store::{Store, to_millis};

/// A stored secret, such as a private key in PEM. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct StoredSecret(String);

impl StoredSecret {
    /// Wraps a secret to be stored.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSecret(…)")
    }
}

impl Store {
    /// The secret called `name`, made by `make` and stored if it is not there yet. Two processes
    /// that start at once get the same one.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`, and whatever `make` returns.
    pub fn secret_or_make<E: From<DbError>>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<StoredSecret, E>,
    ) -> Result<StoredSecret, E> {
        if let Some(found) = self.secret(name)? {
            return Ok(found);
        }
        let made = make()?;
        self.write(|db| db.execute(sql::SECRET_INSERT, params![name, made.expose()]))?;
        // Somebody else's may have been first; theirs counts.
        self.secret(name)?
            .ok_or_else(|| DbError::new(DbErrorKind::Unavailable).into())
    }

    /// The secret called `name`, or `None`.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn secret(&self, name: &str) -> Result<Option<StoredSecret>, DbError> {
        self.read(|db| {
            db.optional(sql::SECRET_GET, params![name], |row| {
                row.get(0).map(StoredSecret)
            })
        })
    }

    /// Adds a local administrator with an already hashed password (a PHC string), and the local
    /// account of that name with the role [`ADMINISTRATOR_ROLE`]. `false` when the name is taken.
    ///
    /// # Errors
    /// `store.invalid_value`, `store.busy`, `store.unavailable`.
    pub fn add_administrator(
        &self,
        name: &str,
        password_hash: &StoredSecret,
        now: OffsetDateTime,
    ) -> Result<bool, DbError> {
        let millis = to_millis(now)?;
        let name = scim_core::text::fold(name);
        let mut account = Account::new(None, &name, ProvisionedBy::Local, now);
        account.roles.insert(ADMINISTRATOR_ROLE.to_owned());
        account.roles_pinned = true;
        account.status_by = SetBy::Administrator;
        self.write(|db| {
            let added = db.execute(
                sql::ADMIN_INSERT,
                params![&name, password_hash.expose(), millis],
            )? == 1;
            if added {
                crate::accounts::save(db, &account)?;
            }
            Ok(added)
        })
    }

    /// Replaces an administrator's password hash and ends every administrator session.
    ///
    /// # Errors
    /// `store.not_found`, `store.busy`, `store.unavailable`.
    pub fn set_administrator_password(
        &self,
        name: &str,
        password_hash: &StoredSecret,
    ) -> Result<(), DbError> {
        self.write(|db| {
            let changed = db.execute(
                sql::ADMIN_SET_PASSWORD,
                params![scim_core::text::fold(name), password_hash.expose()],
            )?;
            if changed == 0 {
                return Err(DbError::new(DbErrorKind::NotFound));
            }
            db.execute(sql::SESSION_DELETE_KIND, params!["administrator"])?;
            Ok(())
        })
    }

    /// The password hash of an administrator, or `None`.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn administrator(&self, name: &str) -> Result<Option<StoredSecret>, DbError> {
        self.read(|db| {
            db.optional(
                sql::ADMIN_GET,
                params![scim_core::text::fold(name)],
                |row| row.get(0).map(StoredSecret),
            )
        })
    }

    /// Whether there is no administrator yet.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn has_no_administrator(&self) -> Result<bool, DbError> {
        let count: i64 = self.read(|db| db.one(sql::ADMIN_COUNT, params![], |row| row.get(0)))?;
        Ok(count == 0)
    }
}
