//! Databases to test with: SQLite always, PostgreSQL where `DATABASE_URL` names a server.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking; each uses what it needs of this"
)]

use std::path::PathBuf;

use sso_store::Store;

/// An empty database of its own, which any number of stores can be opened on.
pub enum Home {
    Sqlite(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Schema),
}

impl Home {
    pub fn open(&self) -> Store {
        match self {
            Self::Sqlite(_) => Store::open(&self.file()).unwrap(),
            #[cfg(feature = "postgres")]
            Self::Postgres(schema) => Store::connect(&schema.url).unwrap(),
        }
    }

    /// SQLite's file.
    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("store.db"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => panic!("no file"),
        }
    }
}

/// Each database there is, empty.
pub fn homes() -> Vec<Home> {
    let mut homes = vec![Home::Sqlite(tempfile::tempdir().unwrap())];
    homes.extend(postgres_home());
    homes
}

/// A PostgreSQL database, or why there is none.
pub fn postgres_home() -> Option<Home> {
    #[cfg(feature = "postgres")]
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Some(Home::Postgres(postgres::Schema::new(&url)));
    }
    if cfg!(feature = "postgres") {
        println!("skipped on PostgreSQL: DATABASE_URL is not set (tests/postgres.sh sets it)");
    } else {
        println!("skipped on PostgreSQL: built without the feature postgres");
    }
    None
}

#[cfg(feature = "postgres")]
pub mod postgres {
    use std::sync::atomic::{AtomicU32, Ordering};

    static NUMBER: AtomicU32 = AtomicU32::new(0);

    /// A schema of its own in the server's database; it goes when this is dropped.
    pub struct Schema {
        server: String,
        name: String,
        pub url: String,
    }

    impl Schema {
        pub fn new(server: &str) -> Self {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("test_{}_{number}", std::process::id());
            run(server, &format!("CREATE SCHEMA {name}"));
            let mark = if server.contains('?') { '&' } else { '?' };
            Self {
                url: format!(
                    "{server}{mark}options=-csearch_path%3D{name}&application_name={name}"
                ),
                server: server.to_owned(),
                name,
            }
        }

        /// Cuts every connection that any store has to this schema.
        pub fn cut(&self) {
            run(
                &self.server,
                &format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE application_name = '{}'",
                    self.name
                ),
            );
        }
    }

    impl Drop for Schema {
        fn drop(&mut self) {
            run(&self.server, &format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }

    fn run(url: &str, sql: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
                .await
                .unwrap();
            let connection = tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap();
            drop(client);
            connection.await.ok();
        });
    }
}
