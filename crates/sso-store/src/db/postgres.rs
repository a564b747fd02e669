//! One PostgreSQL connection, and how it is spoken to.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Row, Statement};

use super::dialect::{hide_nul, postgres_statement, show_nul};
use super::wait::{together, wait};
use super::{Param, Value};
use crate::error::{DbError, DbErrorKind};

/// Longer than the server's own `statement_timeout`: then the network is at fault.
const MOST: Duration = Duration::from_secs(60);
/// Prepared statements of one connection. Filters make statements without end, so there is a bound.
const MOST_STATEMENTS: usize = 128;
/// Rows of one step of a scan.
const STEP: usize = 200;

/// A connection of the pool, lent to one caller.
pub(crate) struct Session {
    client: Client,
    statements: RefCell<HashMap<String, Statement>>,
    /// Whether a transaction was begun and not yet ended.
    open: Cell<bool>,
    /// Whether the transaction can only be rolled back; `COMMIT` would do so without an error.
    failed: Cell<bool>,
    /// Whether an answer is outstanding that nobody waits for any more.
    broken: Cell<bool>,
}

impl Session {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            statements: RefCell::default(),
            open: Cell::new(false),
            failed: Cell::new(false),
            broken: Cell::new(false),
        }
    }

    /// Whether the connection is gone, or in a state that nobody may inherit.
    pub(super) fn is_spent(&self) -> bool {
        self.is_lost() || self.open.get()
    }

    /// Whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.broken.get() || self.client.is_closed()
    }

    pub(super) fn begin(&self, how: &str) -> Result<(), DbError> {
        self.failed.set(false);
        self.open.set(true);
        self.batch(how)
    }

    pub(super) fn commit(&self) -> Result<(), DbError> {
        if self.failed.get() {
            return Err(DbError::because(
                DbErrorKind::Unavailable,
                "a statement of the transaction failed",
            ));
        }
        self.batch("COMMIT")?;
        self.open.set(false);
        Ok(())
    }

    /// A connection that cannot even do that is not used again.
    pub(super) fn roll_back(&self) {
        if !self.is_lost() && self.batch("ROLLBACK").is_ok() {
            self.open.set(false);
        }
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, DbError> {
        match wait(work, MOST) {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                self.failed.set(true);
                Err(error.into())
            }
            None => {
                self.broken.set(true);
                Err(DbError::because(
                    DbErrorKind::Unavailable,
                    "the server did not answer in time",
                ))
            }
        }
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), DbError> {
        self.run(self.client.batch_execute(sql))?;
        if sql.starts_with("ROLLBACK") {
            self.failed.set(false);
        }
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<Statement, DbError> {
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.run(self.client.prepare(&postgres_statement(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= MOST_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, DbError> {
        let statement = self.statement(sql)?;
        let changed = self.run(self.client.execute(&statement, &refs(params)))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn execute_each<const N: usize>(
        &self,
        sql: &str,
        sets: &[[Param<'_>; N]],
    ) -> Result<usize, DbError> {
        if sets.is_empty() {
            return Ok(0);
        }
        let statement = &self.statement(sql)?;
        let all = together(
            sets.iter()
                .map(|set| async move { self.client.execute(statement, &refs(set)).await }),
        );
        let changed = self.run(async { all.await.into_iter().sum::<Result<u64, Error>>() })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, DbError> {
        let statement = self.statement(sql)?;
        self.run(self.client.query(&statement, &refs(params)))
    }

    pub(super) fn query_each<const N: usize>(
        &self,
        sql: &str,
        sets: &[[Param<'_>; N]],
    ) -> Result<Vec<Vec<Row>>, DbError> {
        if sets.is_empty() {
            return Ok(Vec::new());
        }
        let statement = &self.statement(sql)?;
        let all = together(
            sets.iter()
                .map(|set| async move { self.client.query(statement, &refs(set)).await }),
        );
        self.run(async { all.await.into_iter().collect() })
    }

    /// By way of a cursor, so that memory is bounded and other questions can come between.
    pub(super) fn scan(
        &self,
        sql: &str,
        params: &[Param<'_>],
        mut each: impl FnMut(&Row) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.execute(&format!("DECLARE scan NO SCROLL CURSOR FOR {sql}"), params)?;
        let fetch = format!("FETCH {STEP} FROM scan");
        'rows: loop {
            let rows = self.run(self.client.query(&fetch, &[]))?;
            for row in &rows {
                if each(row)?.is_break() {
                    break 'rows;
                }
            }
            if rows.len() < STEP {
                break;
            }
        }
        self.batch("CLOSE scan")
    }
}

fn refs<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|param| param as &(dyn ToSql + Sync))
        .collect()
}

type Refused = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Param<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) if *of == Type::INT8 => value.to_sql(of, out),
            Self::Text(value) if *of == Type::TEXT => hide_nul(value).to_sql(of, out),
            Self::Blob(value) if *of == Type::BYTEA => value.as_ref().to_sql(of, out),
            _ => Err(format!("{self:?} is no {of}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column of a row.
pub(super) fn value(row: &Row, column: usize) -> Result<Value, DbError> {
    let corrupt = |_| DbError::new(DbErrorKind::CorruptRow);
    let of = row
        .columns()
        .get(column)
        .map(tokio_postgres::Column::type_)
        .ok_or_else(|| DbError::new(DbErrorKind::CorruptRow))?;
    Ok(match *of {
        Type::INT8 => row
            .try_get::<_, Option<i64>>(column)
            .map_err(corrupt)?
            .into(),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(column)
            .map_err(corrupt)?
            .into(),
        Type::BYTEA => row
            .try_get::<_, Option<Vec<u8>>>(column)
            .map_err(corrupt)?
            .into(),
        _ => row
            .try_get::<_, Option<String>>(column)
            .map_err(corrupt)?
            .map(show_nul)
            .into(),
    })
}
