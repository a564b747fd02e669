#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::mpsc::channel;

use time::macros::datetime;

use super::*;
use crate::log::{Event, NewLogEntry};

fn note(store: &Store, reference: &str) -> Result<(), DbError> {
    let now = datetime!(2026-01-31 12:00 UTC);
    let entry = NewLogEntry::new(now, Event::LoginRejected, reference, "why");
    store.append_log(&entry).map(drop)
}

#[test]
fn all_that_was_asked_for_is_done_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(&path).unwrap();
    let queue = WriteQueue::new(&store).unwrap();
    let (answer, answers) = channel();
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (queue, store, answer, path) = (&queue, &store, answer.clone(), &path);
            scope.spawn(move || {
                for n in 0..40 {
                    let reference = format!("{client}-{n}");
                    let work = {
                        let (store, reference) = (store.clone(), reference.clone());
                        move || note(&store, &reference).map(|()| reference)
                    };
                    let (tell, told) = channel();
                    queue.push(work, move |done| tell.send(done).unwrap());
                    assert_eq!(told.recv().unwrap().unwrap().unwrap(), reference);
                    if n % 20 == 0 {
                        // It is there for everybody, not only for whoever wrote it
                        let other = rusqlite::Connection::open(path).unwrap();
                        let sql = "SELECT COUNT(*) FROM log WHERE reference = ?1";
                        let count: i64 = other
                            .query_row(sql, [&reference], |row| row.get(0))
                            .unwrap();
                        assert_eq!(count, 1);
                    }
                    answer.send(()).unwrap();
                }
            });
        }
    });
    assert_eq!(answers.try_iter().count(), 320);
}

#[test]
fn work_that_panics_harms_nobody_else() {
    let store = Store::in_memory().unwrap();
    let queue = WriteQueue::new(&store).unwrap();
    let (answer, answers) = channel();
    for n in 0..20 {
        let (store, answer) = (store.clone(), answer.clone());
        let work = move || {
            assert!(n % 4 != 0, "in the middle");
            note(&store, &n.to_string())
        };
        queue.push(work, move |done| answer.send(done.unwrap()).unwrap());
    }
    drop(answer);
    // Every answer was given or dropped, else this does not end
    assert_eq!(answers.iter().filter(Result::is_ok).count(), 15);
}

#[test]
fn dropping_it_leaves_nothing_undone() {
    let store = Store::in_memory().unwrap();
    let queue = WriteQueue::new(&store).unwrap();
    let (answer, answers) = channel();
    for n in 0..100 {
        let (store, answer) = (store.clone(), answer.clone());
        let work = move || note(&store, &n.to_string());
        queue.push(work, move |done| answer.send(done).unwrap());
    }
    drop(queue);
    assert_eq!(answers.try_iter().filter(|done| done.is_ok()).count(), 100);
}
