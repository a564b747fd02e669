#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::db::params;

const SCHEMA: &str = "
CREATE TABLE numbers (n INTEGER PRIMARY KEY NOT NULL);
CREATE TABLE orphans (n INTEGER NOT NULL REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED);";

fn prepare(connection: &Connection) -> Result<(), DbError> {
    Ok(connection.execute_batch(SCHEMA)?)
}

fn file() -> (tempfile::TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let mut sqlite = Sqlite::open(&folder.path().join("test.db"), prepare).unwrap();
    // So that a machine that is busy changes nothing
    sqlite.longest = Duration::from_secs(60);
    (folder, sqlite)
}

fn insert(db: Db<'_>, n: i64) -> Result<(), DbError> {
    db.execute("INSERT INTO numbers (n) VALUES (?1)", params![n])
        .map(drop)
}

fn numbers(sqlite: &Sqlite) -> Vec<i64> {
    let read = |db: Db<'_>| {
        db.query("SELECT n FROM numbers ORDER BY n", params![], |row| {
            row.get(0)
        })
    };
    sqlite.read(false, read).unwrap()
}

type Work = Box<dyn FnOnce(Db<'_>) -> Result<(), DbError> + Send>;

/// Runs `parts` one after the other, with all of them in one transaction: the first one does nothing
/// before the others wait. What each was answered.
fn together(sqlite: &Sqlite, parts: Vec<Work>) -> Vec<std::thread::Result<Result<(), DbError>>> {
    let others = parts.len() - 1;
    let (entered, inside): (_, Receiver<()>) = channel();
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap();
    std::thread::scope(|scope| {
        let mut threads = vec![scope.spawn(move || {
            sqlite.write(|db| {
                entered.send(()).unwrap();
                while sqlite.waiting() < others {
                    std::thread::yield_now();
                }
                first(db)
            })
        })];
        inside.recv().unwrap();
        threads.extend(parts.map(|part| scope.spawn(move || sqlite.write(part))));
        threads.into_iter().map(|thread| thread.join()).collect()
    })
}

#[test]
fn nobody_is_answered_before_the_commit_that_is_for_all() {
    let (folder, sqlite) = file();
    let path = folder.path().join("test.db");
    let seen = move |db: Db<'_>| {
        // Two parts are before this one, and none of them is committed
        let own: i64 = db.one("SELECT COUNT(*) FROM numbers", params![], |row| row.get(0))?;
        let others: i64 =
            Connection::open(&path)?
                .query_row("SELECT COUNT(*) FROM numbers", [], |row| row.get(0))?;
        insert(db, 100 * own + others)
    };
    let (a, b) = (seen.clone(), seen.clone());
    let answers = together(&sqlite, vec![Box::new(seen), Box::new(a), Box::new(b)]);
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert_eq!(numbers(&sqlite), [0, 100, 200]);
}

#[test]
fn a_part_that_fails_or_panics_is_undone_by_itself() {
    let (_folder, sqlite) = file();
    let answers = together(
        &sqlite,
        vec![
            Box::new(|db| insert(db, 1)),
            Box::new(|db| {
                insert(db, 2)?;
                Err(DbError::new(DbErrorKind::NotFound))
            }),
            Box::new(|db| {
                insert(db, 3).unwrap();
                panic!("in the middle")
            }),
            Box::new(|db| insert(db, 4)),
        ],
    );
    let kinds: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.map(|done| done.map_err(|error| error.kind())).ok())
        .collect();
    let expected = [
        Some(Ok(())),
        Some(Err(DbErrorKind::NotFound)),
        None,
        Some(Ok(())),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(numbers(&sqlite), [1, 4]);
    sqlite.write(|db| insert(db, 5)).unwrap();
    assert_eq!(numbers(&sqlite), [1, 4, 5]);
}

#[test]
fn if_the_commit_fails_all_are_told() {
    let (_folder, sqlite) = file();
    let answers = together(
        &sqlite,
        vec![
            Box::new(|db| insert(db, 1)),
            Box::new(|db| {
                db.execute("INSERT INTO orphans (n) VALUES (77)", params![])
                    .map(drop)
            }),
            Box::new(|_| Err(DbError::new(DbErrorKind::NotFound))),
        ],
    );
    for answer in answers {
        // The last one too: what it did not find may have been there but for the failure
        let error = answer.unwrap().unwrap_err();
        assert_eq!(error.kind(), DbErrorKind::AlreadyExists, "{error:?}");
    }
    assert_eq!(numbers(&sqlite), [0_i64; 0]);
    sqlite.write(|db| insert(db, 5)).unwrap();
    assert_eq!(numbers(&sqlite), [5]);
}

#[test]
fn a_transaction_that_others_join_does_not_go_on_for_ever() {
    let (_folder, sqlite) = file();
    let parts = i64::try_from(MOST_TOGETHER).unwrap() + 10;
    let parts = (0..parts)
        .map(|n| Box::new(move |db: Db<'_>| insert(db, n)) as Work)
        .collect();
    let answers = together(&sqlite, parts);
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert_eq!(numbers(&sqlite).len(), MOST_TOGETHER + 10);
}

#[test]
fn what_was_written_is_there_to_read_and_readers_do_not_write() {
    let (_folder, sqlite) = file();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sqlite = &sqlite;
            scope.spawn(move || {
                for n in 0..50 {
                    let n = thread * 1000 + n;
                    sqlite.write(|db| insert(db, n)).unwrap();
                    assert!(numbers(sqlite).contains(&n));
                }
            });
        }
    });
    assert_eq!(numbers(&sqlite).len(), 400);
    let error = sqlite.read(true, |db| insert(db, 9)).unwrap_err();
    assert_eq!(error.kind(), DbErrorKind::Unavailable);
}

#[test]
fn what_one_thread_writes_in_a_scope_is_committed_at_its_end() {
    let (folder, sqlite) = file();
    let outside = Connection::open(folder.path().join("test.db")).unwrap();
    let seen_outside = || -> i64 {
        outside
            .query_row("SELECT COUNT(*) FROM numbers", [], |row| row.get(0))
            .unwrap()
    };
    let inside = sqlite.together(|| {
        sqlite.write(|db| insert(db, 1)).unwrap();
        let failed = sqlite.write(|db| {
            insert(db, 2)?;
            Err::<(), _>(DbError::new(DbErrorKind::NotFound))
        });
        assert_eq!(failed.unwrap_err().kind(), DbErrorKind::NotFound);
        sqlite.together(|| sqlite.write(|db| insert(db, 3)).unwrap())?;
        // Its own writes are seen inside, and by nobody else
        Ok::<_, DbError>((numbers(&sqlite), seen_outside()))
    });
    assert_eq!(inside.unwrap().unwrap(), (vec![1, 3], 0));
    assert_eq!(seen_outside(), 2);
    assert_eq!(numbers(&sqlite), [1, 3]);
    assert!(sqlite.is_idle());
}

#[test]
fn a_scope_whose_commit_fails_says_so() {
    let (_folder, sqlite) = file();
    let orphan = |db: Db<'_>| {
        db.execute("INSERT INTO orphans (n) VALUES (77)", params![])
            .map(drop)
    };
    let error = sqlite
        .together(|| sqlite.write(orphan).is_ok())
        .unwrap_err();
    assert_eq!(error.kind(), DbErrorKind::AlreadyExists);
    assert_eq!(numbers(&sqlite), [0_i64; 0]);
}

#[test]
fn a_scope_that_panics_keeps_what_was_written_and_no_turn() {
    let (_folder, sqlite) = file();
    for alone in [false, true] {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let work = || {
                sqlite.write(|db| insert(db, i64::from(alone))).unwrap();
                panic!("in the middle")
            };
            if alone {
                sqlite.alone(work)
            } else {
                sqlite.together(work)
            }
        }));
        assert!(panicked.is_err_and(|cause: Box<dyn std::any::Any + Send>| cause.is::<&str>()));
        assert!(sqlite.is_idle());
    }
    // Each write stands by itself
    assert_eq!(numbers(&sqlite), [0, 1]);
}

#[test]
fn a_scope_that_is_slow_lets_others_in_between_its_writes() {
    let (_folder, mut sqlite) = file();
    sqlite.longest = Duration::ZERO;
    let slow = sqlite.together(|| {
        sqlite.write(|db| insert(db, 1)).unwrap();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| sqlite.write(|db| insert(db, 2)));
            other.join().unwrap().unwrap();
        });
        // The other's is seen, and its own
        sqlite.write(|db| insert(db, 3)).unwrap();
        numbers(&sqlite)
    });
    assert_eq!(slow.unwrap(), [1, 2, 3]);
    assert!(sqlite.is_idle());
}

#[test]
fn who_is_alone_is_alone_however_long_it_takes() {
    let (folder, mut sqlite) = file();
    sqlite.longest = Duration::ZERO;
    let process = Connection::open(folder.path().join("test.db")).unwrap();
    process.busy_timeout(Duration::ZERO).unwrap();
    let from_elsewhere = |n: i64| process.execute("INSERT INTO numbers (n) VALUES (?1)", [n]);
    let sqlite = &sqlite;
    let (counted, other) = std::thread::scope(|scope| {
        let (inside, go): (_, Receiver<()>) = channel();
        let other = scope.spawn(move || {
            go.recv().unwrap();
            sqlite.write(|db| {
                let count: i64 =
                    db.one("SELECT COUNT(*) FROM numbers", params![], |row| row.get(0))?;
                insert(db, 100 + count)
            })
        });
        let counted = sqlite.alone(|| {
            inside.send(()).unwrap();
            while sqlite.waiting() == 0 {
                std::thread::yield_now();
            }
            sqlite.write(|db| insert(db, 1)).unwrap();
            let failed = sqlite.write(|db| {
                insert(db, 2)?;
                Err::<(), _>(DbError::new(DbErrorKind::NotFound))
            });
            assert_eq!(failed.unwrap_err().kind(), DbErrorKind::NotFound);
            let refused = from_elsewhere(7).unwrap_err().sqlite_error_code();
            assert_eq!(refused, Some(rusqlite::ErrorCode::DatabaseBusy));
            sqlite.alone(|| sqlite.write(|db| insert(db, 3)).unwrap())?;
            Ok::<_, DbError>(numbers(sqlite))
        });
        (counted, other.join().unwrap())
    });
    assert_eq!(counted.unwrap().unwrap(), [1, 3]);
    other.unwrap();
    assert_eq!(numbers(sqlite), [1, 3, 102]);
    assert!(sqlite.is_idle());
    from_elsewhere(7).unwrap();
}

#[test]
fn a_scope_of_one_database_is_none_of_another() {
    let (_one, one) = file();
    let (_two, two) = file();
    let inside = one.together(|| {
        one.write(|db| insert(db, 1)).unwrap();
        two.alone(|| two.write(|db| insert(db, 2)).unwrap())
            .unwrap();
        assert!(two.is_idle());
        (numbers(&one), numbers(&two))
    });
    assert_eq!(inside.unwrap(), (vec![1], vec![2]));
    assert!(one.is_idle());
}

#[test]
fn many_scopes_at_once_lose_nothing() {
    let (_folder, mut sqlite) = file();
    sqlite.longest = LONGEST_TOGETHER;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sqlite = &sqlite;
            scope.spawn(move || {
                for n in (0..60).step_by(3) {
                    let n = thread * 1000 + n;
                    let written = sqlite.together(|| {
                        for part in 0..3 {
                            sqlite.write(|db| insert(db, n + part))?;
                            assert!(numbers(sqlite).contains(&(n + part)));
                        }
                        Ok::<_, DbError>(())
                    });
                    written.unwrap().unwrap();
                }
            });
        }
    });
    assert_eq!(numbers(&sqlite).len(), 480);
    assert!(sqlite.is_idle());
}
