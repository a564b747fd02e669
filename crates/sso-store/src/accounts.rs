//! Accounts: who may log in, with which roles, and who said so.
//!
//! A row for everybody whom SCIM, a first login or an administrator here brought: local ones have no
//! connection. A NameID ([`UserKey`](crate::UserKey)) and a SCIM resource are links to an account.

use std::collections::BTreeSet;

use scim_core::text::fold;
use time::OffsetDateTime;

use crate::connections::ConnectionName;
use crate::db::{Db, Row, params};
use crate::error::{DbError, DbErrorKind};
use crate::log::NewLogEntry;
use crate::sql;
use crate::store::{Store, from_json, from_millis, to_json, to_millis};

/// The role of whoever may administrate here.
pub const ADMINISTRATOR_ROLE: &str = "admin";

macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident { $(#[doc = $text:literal] $variant:ident = $word:literal,)+ })+) => {$(
        #[doc = $doc]
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = $text] $variant,)+ }

        impl $name {
            /// As stored and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn read(word: &str) -> Result<Self, DbError> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(DbError::new(DbErrorKind::CorruptRow)),
                }
            }
        }
    )+};
}

words! {
    #[doc = "Whether somebody may log in."]
    AccountStatus {
        #[doc = "Yes."]
        Active = "active",
        #[doc = "No: SCIM knows the user, who is in none of the required groups yet."]
        Waiting = "waiting",
        #[doc = "No."]
        Disabled = "disabled",
        #[doc = "No, and what is left is the tombstone."]
        Deleted = "deleted",
    }
    #[doc = "Who brought an account into its status."]
    SetBy {
        #[doc = "The identity provider."]
        IdentityProvider = "idp",
        #[doc = "An administrator here: the identity provider does not undo it."]
        Administrator = "administrator",
    }
    #[doc = "How an account came to be."]
    ProvisionedBy {
        #[doc = "By a first login."]
        Login = "login",
        #[doc = "By SCIM, or SCIM has taken it over."]
        Scim = "scim",
        #[doc = "By an administrator here."]
        Local = "local",
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Our number for it; 0 before it is stored.
    pub id: i64,
    /// The connection it comes from; none for a local one.
    pub connection: Option<String>,
    /// The SCIM resource it is linked to.
    pub scim_id: Option<String>,
    /// The resource's version when the account was last decided; 0 when it is there no more.
    pub scim_version: u64,
    /// The name: SCIM's userName, else the NameID.
    pub name: String,
    /// Whether the user may log in.
    pub status: AccountStatus,
    /// Who said so.
    pub status_by: SetBy,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// Whether an administrator gave the roles, so that groups do not change them.
    pub roles_pinned: bool,
    /// The groups that were taken over.
    pub groups: Vec<String>,
    /// How it came to be.
    pub provisioned_by: ProvisionedBy,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
}

impl Account {
    /// A new, active account.
    #[must_use]
    pub fn new(
        connection: Option<&str>,
        name: impl Into<String>,
        by: ProvisionedBy,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id: 0,
            connection: connection.map(str::to_owned),
            scim_id: None,
            scim_version: 0,
            name: name.into(),
            status: AccountStatus::Active,
            status_by: SetBy::IdentityProvider,
            roles: BTreeSet::new(),
            roles_pinned: false,
            groups: Vec::new(),
            provisioned_by: by,
            created_at: now,
            changed_at: now,
        }
    }

    /// Whether SCIM had the user and has deleted the resource.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.scim_id.is_some() && self.scim_version == 0
    }
}

struct Raw {
    account: Account,
    roles: String,
    groups: String,
    created: i64,
    changed: i64,
}

impl Raw {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let version: i64 = row.get(3)?;
        Ok(Self {
            account: Account {
                id: row.get(0)?,
                connection: row.get(1)?,
                scim_id: row.get(2)?,
                scim_version: version.unsigned_abs(),
                name: row.get(4)?,
                status: AccountStatus::read(&row.get::<String>(5)?)?,
                status_by: SetBy::read(&row.get::<String>(6)?)?,
                roles: BTreeSet::new(),
                roles_pinned: row.get::<i64>(8)? != 0,
                groups: Vec::new(),
                provisioned_by: ProvisionedBy::read(&row.get::<String>(10)?)?,
                created_at: OffsetDateTime::UNIX_EPOCH,
                changed_at: OffsetDateTime::UNIX_EPOCH,
            },
            roles: row.get(7)?,
            groups: row.get(9)?,
            created: row.get(11)?,
            changed: row.get(12)?,
        })
    }

    fn read(self) -> Result<Account, DbError> {
        Ok(Account {
            roles: from_json(&self.roles)?,
            groups: from_json(&self.groups)?,
            created_at: from_millis(self.created)?,
            changed_at: from_millis(self.changed)?,
            ..self.account
        })
    }
}

pub(crate) fn save(db: Db<'_>, account: &Account) -> Result<i64, DbError> {
    let name_key = fold(&account.name);
    let roles = to_json(&account.roles)?;
    let groups = to_json(&account.groups)?;
    let version = i64::try_from(account.scim_version).unwrap_or(i64::MAX);
    let pinned = i64::from(account.roles_pinned);
    let changed = to_millis(account.changed_at)?;
    if account.id == 0 {
        return db.one(
            sql::ACCOUNT_INSERT,
            params![
                account.connection.as_deref(),
                account.scim_id.as_deref(),
                version,
                &account.name,
                &name_key,
                account.status.as_str(),
                account.status_by.as_str(),
                &roles,
                pinned,
                &groups,
                account.provisioned_by.as_str(),
                to_millis(account.created_at)?,
                changed,
            ],
            |row| row.get(0),
        );
    }
    let rows = db.execute(
        sql::ACCOUNT_UPDATE,
        params![
            account.id,
            account.connection.as_deref(),
            account.scim_id.as_deref(),
            version,
            &account.name,
            &name_key,
            account.status.as_str(),
            account.status_by.as_str(),
            &roles,
            pinned,
            &groups,
            account.provisioned_by.as_str(),
            changed,
        ],
    )?;
    if rows == 1 {
        Ok(account.id)
    } else {
        Err(DbError::new(DbErrorKind::NotFound))
    }
}

impl Store {
    fn account_where(
        &self,
        sql: &str,
        params: &[crate::db::Param<'_>],
    ) -> Result<Option<Account>, DbError> {
        let row = self.read(|db| db.optional(sql, params, Raw::from_row))?;
        row.map(Raw::read).transpose()
    }

    /// An account by our number.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn account(&self, id: i64) -> Result<Option<Account>, DbError> {
        self.account_where(sql::ACCOUNT_GET, params![id])
    }

    /// The account that is linked to a SCIM resource.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn account_of_scim(
        &self,
        connection: &str,
        scim_id: &str,
    ) -> Result<Option<Account>, DbError> {
        self.account_where(sql::ACCOUNT_OF_SCIM, params![connection, scim_id])
    }

    /// The account of a name at a connection, or the local one; in any case of letters. Of several
    /// the one that is linked to no resource, or to none that is there, and of those the latest.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn account_named(
        &self,
        connection: Option<&str>,
        name: &str,
    ) -> Result<Option<Account>, DbError> {
        let key = fold(name);
        match connection {
            Some(connection) => {
                let named = self.read(|db| {
                    db.query(sql::ACCOUNT_NAMED, params![connection, &key], Raw::from_row)
                })?;
                // One that no resource stands for first, then the youngest
                let place = |raw: &Raw| {
                    let account = &raw.account;
                    let is_linked = account.scim_id.is_some() && account.scim_version != 0;
                    (!is_linked, account.id)
                };
                let found = named.into_iter().max_by_key(place);
                found.map(Raw::read).transpose()
            }
            None => self.account_where(sql::ACCOUNT_LOCAL, params![&key]),
        }
    }

    /// Up to `limit` accounts, in the order of our numbers, after number `after`; of one connection
    /// if that is given.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn accounts(
        &self,
        connection: Option<&str>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Account>, DbError> {
        let rows = self.read(|db| {
            let params = params![connection, after, limit];
            db.query(sql::ACCOUNT_LIST, params, Raw::from_row)
        })?;
        rows.into_iter().map(Raw::read).collect()
    }

    /// How many active local accounts have a role.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn local_accounts_with(&self, role: &str) -> Result<usize, DbError> {
        let rows = self.read(|db| db.query(sql::ACCOUNT_LOCALS, params![], Raw::from_row))?;
        let mut count = 0;
        for row in rows {
            count += usize::from(row.read()?.roles.contains(role));
        }
        Ok(count)
    }

    /// Writes accounts and what is to be read of it in the history, in one transaction. Sessions of
    /// accounts that are not active end with it. Gives the accounts' numbers.
    ///
    /// # Errors
    /// `store.not_found`, `store.already_exists`, `store.busy`, `store.unavailable`.
    pub fn save_accounts<'a>(
        &self,
        accounts: &'a [Account],
        history: impl Fn(usize, i64) -> Option<NewLogEntry<'a>>,
    ) -> Result<Vec<i64>, DbError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|db| {
            let mut ids = Vec::with_capacity(accounts.len());
            for (index, account) in accounts.iter().enumerate() {
                let id = save(db, account)?;
                if account.id != 0 && account.status != AccountStatus::Active {
                    db.execute(sql::SESSION_DELETE_OF_ACCOUNT, params![id])?;
                }
                if let Some(mut entry) = history(index, id) {
                    entry.account = Some(id);
                    crate::log::insert(db, &entry)?;
                }
                ids.push(id);
            }
            Ok(ids)
        })
    }

    /// Makes an account for a user, as [`Store::seen_user`] numbered it, and links it; of two that do so
    /// at once the first wins. Gives the account's number.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn open_account(
        &self,
        user: i64,
        account: &Account,
        entry: &NewLogEntry<'_>,
    ) -> Result<i64, DbError> {
        let lock = sql::USER_ACCOUNT_OF;
        self.write(|db| {
            let row: Option<Option<i64>> = db.optional(
                &format!("{lock}{}", db.dialect().for_update()),
                params![user],
                |row| row.get(0),
            )?;
            if let Some(known) = row.flatten() {
                return Ok(known);
            }
            let id = save(db, account)?;
            db.execute(sql::USER_SET_ACCOUNT, params![user, id])?;
            let mut entry = entry.clone();
            entry.account = Some(id);
            crate::log::insert(db, &entry)?;
            Ok(id)
        })
    }

    /// Takes the password of a local account that has become a connection's.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn drop_password(&self, name: &str, account: i64) -> Result<(), DbError> {
        let name = fold(name);
        self.write(|db| {
            db.execute(sql::ADMIN_DELETE, params![&name])?;
            db.execute(sql::SESSION_DELETE_OF_ADMIN, params![account])?;
            Ok(())
        })
    }

    /// Changes a local administrator's or a user's account as if nobody else did meanwhile: `change`
    /// is given the account and the number of active local accounts with `role`, and refuses or edits.
    /// A local account that is deleted loses its password, one that is not active or has not the role
    /// its administrator sessions.
    ///
    /// # Errors
    /// `store.not_found`, `store.busy`, `store.unavailable`, and whatever `change` returns.
    pub fn edit_account<E: From<DbError>>(
        &self,
        id: i64,
        role: &str,
        entry: &NewLogEntry<'_>,
        change: impl FnOnce(&mut Account, usize) -> Result<(), E>,
    ) -> Result<Account, E> {
        let mut refused = None;
        let done = self.transaction_once(|db| {
            // The local accounts are locked, so that two administrators cannot delete each other at once
            let lock = db.dialect().for_update();
            let locals = db.query(
                &format!("{}{lock}", sql::ACCOUNT_LOCALS),
                params![],
                Raw::from_row,
            )?;
            let mut administrators = 0;
            for local in locals {
                administrators += usize::from(local.read()?.roles.contains(role));
            }
            let mut account = db
                .optional(
                    &format!("{}{lock}", sql::ACCOUNT_GET),
                    params![id],
                    Raw::from_row,
                )?
                .ok_or_else(|| DbError::new(DbErrorKind::NotFound))?
                .read()?;
            if let Err(error) = change(&mut account, administrators) {
                refused = Some(error);
                return Err(DbError::new(DbErrorKind::InvalidValue));
            }
            save(db, &account)?;
            let active = account.status == AccountStatus::Active;
            if !active {
                db.execute(sql::SESSION_DELETE_OF_ACCOUNT, params![id])?;
            }
            if account.connection.is_none() {
                if account.status == AccountStatus::Deleted {
                    db.execute(sql::ADMIN_DELETE, params![&account.name])?;
                }
                if !active || !account.roles.contains(role) {
                    db.execute(sql::SESSION_DELETE_OF_ADMIN, params![id])?;
                }
            }
            let mut entry = entry.clone();
            entry.account = Some(id);
            crate::log::insert(db, &entry)?;
            Ok(account)
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(done?),
        }
    }

    /// SCIM users of a connection whose account is older than the resource, or is not there, and
    /// accounts whose resource is not there any more: what was missed, by a crash or an import.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn unsettled(
        &self,
        connection: &ConnectionName,
        limit: u32,
    ) -> Result<Vec<String>, DbError> {
        self.read(|db| {
            db.query(
                sql::ACCOUNT_UNSETTLED,
                params![connection.as_str(), limit],
                |row| row.get(0),
            )
        })
    }

    /// The ids of a connection's SCIM users after an id, in order.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn scim_user_ids(
        &self,
        connection: &ConnectionName,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, DbError> {
        self.read(|db| {
            let params = params![connection.as_str(), after, limit];
            db.query(sql::SCIM_USER_IDS, params, |row| row.get(0))
        })
    }

    /// How many accounts of a connection there are that are not deleted.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn count_accounts(&self, connection: &ConnectionName) -> Result<u64, DbError> {
        let count: i64 = self.read(|db| {
            db.one(sql::ACCOUNT_COUNT, params![connection.as_str()], |row| {
                row.get(0)
            })
        })?;
        Ok(count.unsigned_abs())
    }

    /// Deletes everything that a connection brought: accounts, NameIDs, and its SCIM users and groups
    /// with what waits to be told of them. The logs stay.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn remove_users_of(&self, connection: &ConnectionName) -> Result<(), DbError> {
        self.write(|db| {
            for sql in sql::REMOVE_USERS_OF {
                db.execute(sql, params![connection.as_str()])?;
            }
            Ok(())
        })
    }
}
