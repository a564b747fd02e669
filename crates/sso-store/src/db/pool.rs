//! A few PostgreSQL connections, lent to one caller at a time.
//!
//! One thread drives all of them, with a small runtime of its own: callers wait on their own threads
//! and need none.

mod statistics;
#[cfg(feature = "postgres-tls")]
mod tls;
mod transport;

use std::sync::mpsc;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, NoTls, Socket};

use self::statistics::Statistics;
use self::transport::Transport;
use super::Db;
use super::deadline::{Deadline, PATIENCE};
use super::lend::{Lender, Lent};
pub(crate) use super::postgres::Session;
use crate::error::{DbError, DbErrorKind};

/// Connections of one pool at most.
pub(crate) const SIZE: usize = 8;
const CONNECT: Duration = Duration::from_secs(5);

/// What a connection promises: a commit is on the disk, no wait is endless.
const SETTINGS: &str = "
SET lock_timeout = '10s';
SET statement_timeout = '50s';
SET idle_in_transaction_session_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// How strictly transactions are kept apart.
#[derive(Clone, Copy)]
pub(crate) enum Isolation {
    /// As if one ran after the other.
    Serializable,
    /// Each statement sees what was committed before it: for work in which single statements decide.
    Statement,
    /// One moment for all statements, which only read.
    Snapshot,
}

impl Isolation {
    const fn begin(self) -> &'static str {
        match self {
            Self::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
            Self::Statement => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            Self::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

pub(crate) struct Pool {
    config: Config,
    transport: Transport,
    runtime: Handle,
    sessions: Lender<Session>,
    statistics: Statistics,
    /// Dropped with the pool; then the thread ends, and with it every connection.
    _alive: oneshot::Sender<()>,
}

/// Connects, hands the client over, and carries its questions until it is dropped or the server goes;
/// whoever waits for an answer then is told.
async fn drive<T>(config: Config, tls: T, client: mpsc::Sender<Result<Client, Error>>)
where
    T: MakeTlsConnect<Socket>,
{
    match config.connect(tls).await {
        Ok((made, connection)) => {
            if client.send(Ok(made)).is_ok() {
                connection.await.ok();
            }
        }
        Err(error) => {
            client.send(Err(error)).ok();
        }
    }
}

impl Pool {
    /// # Errors
    /// `store.open_failed` when the URL is none or the server is not there.
    pub(crate) fn connect(url: &str) -> Result<Self, DbError> {
        let failed = |cause: String| DbError::because(DbErrorKind::OpenFailed, cause);
        let (mut config, transport) = transport::read(url).map_err(failed)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("sso-store");
        }
        let (alive, ended) = oneshot::channel::<()>();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("sso-store-postgres".to_owned())
            .spawn(move || runtime.block_on(ended).is_ok())
            .map_err(|error| failed(error.to_string()))?;
        let pool = Self {
            config,
            transport,
            runtime: handle,
            sessions: Lender::new(SIZE),
            statistics: Statistics::default(),
            _alive: alive,
        };
        let first = pool
            .lend()
            .map_err(|error| error.with_kind(DbErrorKind::OpenFailed))?;
        give_back(first);
        Ok(pool)
    }

    fn open(&self) -> Result<Session, DbError> {
        let unavailable = |cause: &str| DbError::because(DbErrorKind::Unavailable, cause);
        let (send, receive) = mpsc::channel();
        let config = self.config.clone();
        match &self.transport {
            Transport::Plain => self.runtime.spawn(drive(config, NoTls, send)),
            #[cfg(feature = "postgres-tls")]
            Transport::Tls(tls) => self.runtime.spawn(drive(config, tls.clone(), send)),
        };
        let client = receive
            .recv_timeout(CONNECT * 2)
            .map_err(|_| unavailable("the server did not answer in time"))?
            .map_err(|error| DbError::connecting(&error))?;
        let session = Session::new(client);
        session.batch(SETTINGS)?;
        Ok(session)
    }

    fn lend(&self) -> Result<Lent<'_, Session>, DbError> {
        self.sessions
            .lend(|session| !session.is_spent(), || self.open())
    }

    /// Runs `work`, which only reads. It is run again when the connection was gone.
    pub(crate) fn read<T>(
        &self,
        mut work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut patience = Patience::new();
        loop {
            let lent = self.lend()?;
            let done = work(Db::postgres(&lent.item));
            let lost = lent.item.is_lost();
            give_back(lent);
            match done {
                Err(error) if lost => patience.wait(error)?,
                done => return done,
            }
        }
    }

    /// Runs `work` in a transaction. It is run again when it got into another one's way, or when the
    /// connection was lost before it was committed.
    pub(crate) fn transaction<T>(
        &self,
        isolation: Isolation,
        mut work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.attempt(isolation, |db| work(db).map(|value| (value, true)))
    }

    /// As [`Pool::transaction`], but rolled back too when `work` says `false`.
    pub(crate) fn attempt<T>(
        &self,
        isolation: Isolation,
        mut work: impl FnMut(Db<'_>) -> Result<(T, bool), DbError>,
    ) -> Result<T, DbError> {
        let mut patience = Patience::new();
        loop {
            let lent = self.lend()?;
            let session = &lent.item;
            let worked = session
                .begin(isolation.begin())
                .and_then(|()| work(Db::postgres(session)));
            // If the connection is lost after this, nobody knows whether it was committed
            let lost = worked.is_err() && session.is_lost();
            let done = worked.and_then(|(value, keep)| {
                if keep {
                    session.commit()?;
                } else {
                    session.roll_back();
                }
                Ok(value)
            });
            let Err(error) = done else {
                give_back(lent);
                return done;
            };
            session.roll_back();
            give_back(lent);
            if !lost && !error.is_conflict() {
                return Err(error);
            }
            patience.wait(error)?;
        }
    }

    /// Notes that the tables have so many rows more, by and large.
    pub(crate) fn grew(&self, rows: usize) {
        if self.statistics.are_due(rows) {
            // Without them it is slower, and the server makes them itself within a minute or so
            self.read(statistics::make).ok();
        }
    }

    /// Runs `work` in a transaction, once.
    pub(crate) fn transaction_once<T>(
        &self,
        isolation: Isolation,
        work: impl FnOnce(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut patience = Patience::new();
        let lent = loop {
            let lent = self.lend()?;
            match lent.item.begin(isolation.begin()) {
                Ok(()) => break lent,
                Err(error) => {
                    let lost = lent.item.is_lost();
                    drop(lent);
                    if !lost {
                        return Err(error);
                    }
                    patience.wait(error)?;
                }
            }
        };
        let session = &lent.item;
        let done = work(Db::postgres(session)).and_then(|value| session.commit().map(|()| value));
        if done.is_err() {
            session.roll_back();
        }
        give_back(lent);
        done
    }
}

/// For the next one to take, unless nobody may inherit it.
fn give_back(lent: Lent<'_, Session>) {
    if !lent.item.is_spent() {
        lent.give_back();
    }
}

/// How often and how long to try again.
struct Patience {
    until: Deadline,
    tries: u32,
}

impl Patience {
    fn new() -> Self {
        Self {
            until: Deadline::after(PATIENCE),
            tries: 0,
        }
    }

    /// Waits for a random while, longer each time; the error when there is no more time.
    fn wait(&mut self, error: DbError) -> Result<(), DbError> {
        let Some(left) = self.until.left() else {
            return Err(error);
        };
        self.tries += 1;
        let most = 1_000_u32 << self.tries.min(7);
        let mut random = [0; 4];
        // Without randomness it is the longest wait
        let share = SystemRandom::new()
            .fill(&mut random)
            .map_or(most, |()| u32::from_be_bytes(random) % most);
        std::thread::sleep(Duration::from_micros(share.into()).min(left));
        Ok(())
    }
}
