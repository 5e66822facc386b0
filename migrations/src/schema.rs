//! The tables of the two programs: which migrations there are, which a database has, and whose it is.
//!
//! Migrations are the files in `sql/PROGRAM/DATABASE`, with the same numbers and names for both
//! databases. All that are missing are applied in one write transaction, so that of several
//! processes starting at once one does it and a failure leaves nothing behind.

use std::collections::BTreeSet;
use std::fmt;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::copy::{UNFINISHED, refused};
use crate::{Db, DbError, Kind, Tx, on};

/// A migration on both databases, with the name of its file, such as `0001_core`.
struct Source {
    file: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! sources {
    ($program:literal: $($file:literal),+) => {
        &[$(Source {
            file: $file,
            sqlite: include_str!(concat!("../sql/", $program, "/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../sql/", $program, "/postgres/", $file, ".sql")),
        }),+]
    };
}

/// Every migration, in order: a file in the folders does nothing before it is named here.
const HUB: &[Source] = sources!("hub": "0001_core", "0002_blob_proof", "0003_erasing", "0004_pictures",
    "0005_picture_room", "0006_console", "0007_watch", "0008_casework", "0009_alarms", "0010_clocks",
    "0011_tokens", "0012_roadmap", "0013_levels", "0014_adoptions", "0015_alarm_letters",
    "0016_upkeep", "0017_upkeep_aborted", "0018_admissions", "0019_acting_tokens", "0020_retrieved",
    "0021_planned_level", "0022_replicas", "0023_delivery_causes", "0024_presences",
    "0025_told_later", "0026_spans");
const NODE: &[Source] = sources!("node": "0001_core", "0002_keys_due", "0003_trace", "0004_jobs", "0005_uploads",
    "0006_search", "0007_local_categories", "0008_reporters", "0009_accounts", "0010_deadlines",
    "0011_answers", "0012_letters", "0013_draft_files", "0014_pictures", "0015_wide_indexes",
    "0016_key_before", "0017_subjects", "0018_news_rounds", "0019_standing", "0020_instructions",
    "0021_own_number", "0022_elsewhere", "0023_assignments", "0024_own_number_folded",
    "0025_identity_asks", "0026_lists_of_their_own", "0027_local_tree",
    "0028_identity_answers", "0029_programme_followers", "0030_officers_erasures", "0031_answers_to", "0032_placed_programmes",
    "0033_provinces_of_programmes", "0034_token_owners", "0035_proved_contacts", "0036_terms",
    "0037_open_in", "0038_channels", "0039_token_scopes", "0040_open311",
    "0041_channel_cursors", "0042_text_messages", "0043_channel_desk", "0044_changes",
    "0045_counted", "0046_cities", "0047_bridge", "0048_registers", "0049_token_bounds",
    "0050_after_sending", "0051_no_longer_here", "0052_rows_left_out",
    "0053_requests_by_change", "0054_outbox_bodies", "0055_unfetched", "0056_replied", "0057_unanswered",
    "0058_own_closings", "0059_contacts", "0060_own_lines", "0061_completed");

/// Each database lists its tables in a place of its own.
const TABLES_SQLITE: &str =
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
const TABLES_POSTGRES: &str =
    "select cast(tablename as text) from pg_tables where schemaname = current_schema()";
const PROGRAM: &str = "select value from schema_facts where name = 'program'";
const VERSIONS: &str = "select version from _sqlx_migrations";

/// Whose tables a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    Hub,
    Node,
}

/// A migration, displayed as `0001 core`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationName {
    pub version: i64,
    pub name: String,
}

/// What [`Db::migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// The migrations applied by this call, in order; empty when there was nothing to do.
    pub applied: Vec<MigrationName>,
    /// The schema's version now.
    pub version: i64,
}

impl Schema {
    /// The name written into the database, which is the name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Hub => "lapor-hub",
            Self::Node => "lapor-node",
        }
    }

    /// The newest version this build knows.
    pub fn version(self) -> i64 {
        self.sources()
            .iter()
            .map(|source| source.name().version)
            .max()
            .unwrap_or_default()
    }

    fn sources(self) -> &'static [Source] {
        match self {
            Self::Hub => HUB,
            Self::Node => NODE,
        }
    }

    /// A number of these migrations of PostgreSQL, which others do not have.
    #[cfg(any(test, feature = "throwaway"))]
    pub(crate) fn fingerprint(self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        for source in self.sources() {
            (source.file, source.postgres).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn missing(self, applied: &BTreeSet<i64>) -> Vec<MigrationName> {
        let all = self.sources().iter().map(Source::name);
        all.filter(|migration| !applied.contains(&migration.version))
            .collect()
    }

    /// The lock of a write transaction is enough, and ends by itself when a migration fails.
    fn migrator(sources: &[Source], kind: Kind) -> Migrator {
        let migrations = sources.iter().map(|source| source.migration(kind));
        let mut migrator = Migrator::with_migrations(migrations.collect());
        migrator.set_locking(false);
        migrator
    }
}

impl Source {
    fn name(&self) -> MigrationName {
        let (version, name) = self.file.split_once('_').unwrap_or((self.file, ""));
        let version = version
            .parse()
            .expect("a migration's file begins with its number");
        MigrationName {
            version,
            name: name.to_owned(),
        }
    }

    fn migration(&self, kind: Kind) -> Migration {
        let MigrationName { version, name } = self.name();
        let sql = match kind {
            Kind::Sqlite => self.sqlite,
            Kind::Postgres => self.postgres,
        };
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            false,
        )
    }
}

impl fmt::Display for MigrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04} {}", self.version, self.name)
    }
}

impl Db {
    /// Applies every migration the database does not have, all or none. Of several processes that
    /// start at once one applies them, and the others wait and find nothing to do.
    pub async fn migrate(&self) -> Result<MigrationReport, DbError> {
        let schema = self.schema();
        let mut tx = self.write().await?;
        let before = Box::pin(self.applied(&mut tx)).await?;
        let pending = schema.missing(&before);
        let migrator = Schema::migrator(schema.sources(), tx.kind());
        if let Tx::Postgres(transaction) = &mut tx {
            sqlx::query("set local statement_timeout = 0")
                .execute(&mut **transaction)
                .await?;
        }
        on!(&mut tx, conn => migrator.run_direct(None, conn, false).await)?;
        tx.commit().await?;
        for migration in &pending {
            tracing::info!(%migration, program = schema.program(), "migrated the database");
        }
        Ok(MigrationReport {
            applied: pending,
            version: schema.version(),
        })
    }

    /// Makes the tables as the build before the last migration had them, in an empty database.
    #[cfg(any(test, feature = "throwaway"))]
    pub(crate) async fn migrate_all_but_the_last(&self) -> Result<(), DbError> {
        let sources = self.schema().sources();
        let older = &sources[..sources.len() - 1];
        let mut tx = self.write().await?;
        let migrator = Schema::migrator(older, tx.kind());
        on!(&mut tx, conn => migrator.run_direct(None, conn, false).await)?;
        tx.commit().await
    }

    /// The migrations that [`Db::migrate`] would apply.
    pub async fn pending_migrations(&self) -> Result<Vec<MigrationName>, DbError> {
        let mut tx = self.read().await?;
        let applied = self.applied(&mut tx).await?;
        Ok(self.schema().missing(&applied))
    }

    /// As [`applied`], of a database that is whole, or that whoever asks restores.
    pub(crate) async fn applied(&self, tx: &mut Tx) -> Result<BTreeSet<i64>, DbError> {
        if !self.restores && tables(tx).await?.iter().any(|name| name == UNFINISHED) {
            return Err(refused());
        }
        applied(tx, self.schema()).await
    }
}

/// The versions this database has, after making sure that it is ours or empty, and not newer.
pub(crate) async fn applied(tx: &mut Tx, schema: Schema) -> Result<BTreeSet<i64>, DbError> {
    let mut tables = tables(tx).await?;
    tables.retain(|name| name != UNFINISHED);
    if tables.is_empty() {
        return Ok(BTreeSet::new());
    }
    let program: Option<String> = if tables.iter().any(|table| table == "schema_facts") {
        on!(&mut *tx, conn => sqlx::query_scalar(PROGRAM).fetch_optional(conn).await)?
    } else {
        None
    };
    if program.as_deref() != Some(schema.program()) {
        let found = program.unwrap_or_else(|| "something that is not Lapor".into());
        return Err(DbError::WrongProgram {
            expected: schema.program(),
            found,
        });
    }
    let versions: Vec<i64> =
        on!(&mut *tx, conn => sqlx::query_scalar(VERSIONS).fetch_all(conn).await)?;
    let found = versions.iter().copied().max().unwrap_or_default();
    if found > schema.version() {
        return Err(DbError::Newer {
            found,
            known: schema.version(),
        });
    }
    Ok(versions.into_iter().collect())
}

async fn tables(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    let sql = match tx.kind() {
        Kind::Sqlite => TABLES_SQLITE,
        Kind::Postgres => TABLES_POSTGRES,
    };
    Ok(on!(tx, conn => sqlx::query_scalar(sql).fetch_all(conn).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Packed;
    use crate::throwaway::databases;

    #[tokio::test]
    async fn an_empty_database_is_migrated_once() {
        for test in databases().await {
            let db = test.open(Schema::Hub).await.unwrap();
            let all = db.pending_migrations().await.unwrap();
            assert_eq!(all[0].to_string(), "0001 core");
            let report = db.migrate().await.unwrap();
            assert_eq!(
                report,
                MigrationReport {
                    applied: all,
                    version: Schema::Hub.version()
                },
                "{}",
                test.name
            );
            assert_eq!(db.pending_migrations().await, Ok(vec![]), "{}", test.name);
            assert_eq!(db.migrate().await.unwrap().applied, vec![], "{}", test.name);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_several_that_start_at_once_one_migrates() {
        for test in databases().await {
            let url = std::sync::Arc::new(test.url.clone());
            let tasks: Vec<_> = (0..8)
                .map(|_| {
                    let url = url.clone();
                    tokio::spawn(async move {
                        let db = Db::open(&url, Schema::Node, &crate::DbOptions::default()).await?;
                        let report = db.migrate().await?;
                        db.close().await;
                        Ok::<_, DbError>(report.applied.len())
                    })
                })
                .collect();
            let mut applied = 0;
            for task in tasks {
                applied += task.await.unwrap().unwrap();
            }
            assert_eq!(applied, NODE.len(), "{}", test.name);
        }
    }

    #[tokio::test]
    async fn the_database_of_another_program_is_refused() {
        for test in databases().await {
            test.migrated(Schema::Hub).await.unwrap().close().await;
            let refused = test.open(Schema::Node).await.map(|_| ());
            let error = DbError::WrongProgram {
                expected: "lapor-node",
                found: "lapor-hub".into(),
            };
            assert_eq!(refused, Err(error), "{}", test.name);
        }
    }

    #[tokio::test]
    async fn a_database_with_tables_of_something_else_is_refused() {
        for test in databases().await {
            let db = test.open(Schema::Hub).await.unwrap();
            execute(&db, "create table recipes (name text primary key)").await;
            let migrated = db.migrate().await.map(|_| ());
            assert!(
                matches!(migrated, Err(DbError::WrongProgram { .. })),
                "{}: {migrated:?}",
                test.name
            );
            let opened = test.open(Schema::Hub).await.map(|_| ());
            assert!(
                matches!(opened, Err(DbError::WrongProgram { .. })),
                "{}: {opened:?}",
                test.name
            );
        }
    }

    #[tokio::test]
    async fn a_database_upgraded_by_a_newer_program_is_refused() {
        const NEWER: &str = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             select 9000, 'later', success, checksum, 0 from _sqlx_migrations where version = 1";
        for test in databases().await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            execute(&db, NEWER).await;
            let newer = DbError::Newer {
                found: 9000,
                known: Schema::Hub.version(),
            };
            assert_eq!(db.migrate().await, Err(newer.clone()), "{}", test.name);
            assert_eq!(
                test.open(Schema::Hub).await.map(|_| ()),
                Err(newer),
                "{}",
                test.name
            );
        }
    }

    #[tokio::test]
    async fn a_migration_that_was_changed_after_it_was_applied_is_named() {
        const EDIT: &str = "update _sqlx_migrations set checksum = $1 where version = 1";
        for test in databases().await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            on!(&mut tx, conn => sqlx::query(EDIT).bind(vec![0_u8]).execute(conn).await.map(|_| ())).unwrap();
            tx.commit().await.unwrap();
            assert_eq!(
                db.migrate().await,
                Err(DbError::Diverged { version: 1 }),
                "{}",
                test.name
            );
        }
    }

    /// A file that is in a folder and not in the list would never run.
    #[test]
    fn the_lists_name_every_file_of_every_folder() {
        for (program, sources) in [("hub", HUB), ("node", NODE)] {
            for database in ["sqlite", "postgres"] {
                let folder = format!("{}/sql/{program}/{database}", env!("CARGO_MANIFEST_DIR"));
                let entries = std::fs::read_dir(&folder).unwrap();
                let files: BTreeSet<String> = entries
                    .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                    .collect();
                let listed: BTreeSet<String> = sources
                    .iter()
                    .map(|source| format!("{}.sql", source.file))
                    .collect();
                assert_eq!(files, listed, "{folder}");
            }
        }
    }

    /// As a node's database was before a migration.
    async fn migrate_before(file: &str, tx: &mut Tx) {
        let named = |source: &Source| source.file == file;
        let before = &NODE[..NODE.iter().position(named).unwrap()];
        let migrator = Schema::migrator(before, tx.kind());
        on!(tx, conn => migrator.run_direct(None, conn, false).await).unwrap();
    }

    #[tokio::test]
    async fn what_stood_in_the_outbox_stands_beside_it_after_the_migration() {
        const ADD: &str = "insert into outbox
            (number, message_id, kind, draft, newcomers, state, line, created_at)
            values ($1, $2, 'case.noted', $3, '[]', 'ruled', $4, 0)";
        const DRAFTS: &str = "select number, draft from outbox_drafts order by number";
        const LINES: &str = "select number, line from outbox_lines order by number";
        for test in databases().await {
            let db = test.open(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            migrate_before("0054_outbox_bodies", &mut tx).await;
            let rows = [
                (1_i64, "a", "{}", None),
                (2, "b", "{}", Some("sent")),
                (3, "c", "", Some("brought back")),
            ];
            for (number, id, draft, line) in rows {
                on!(&mut tx, conn => sqlx::query(ADD)
                    .bind(number)
                    .bind(id)
                    .bind(draft)
                    .bind(line)
                    .execute(conn)
                    .await
                    .map(|_| ()))
                .unwrap();
            }
            tx.commit().await.unwrap();
            db.migrate().await.unwrap();
            let mut tx = db.read().await.unwrap();
            let drafts: Vec<(i64, String)> =
                on!(&mut tx, conn => sqlx::query_as(DRAFTS).fetch_all(conn).await).unwrap();
            let lines: Vec<(i64, Packed<String>)> =
                on!(&mut tx, conn => sqlx::query_as(LINES).fetch_all(conn).await).unwrap();
            let lines: Vec<(i64, String)> = lines
                .into_iter()
                .map(|(number, line)| (number, line.line()))
                .collect();
            assert_eq!(
                drafts,
                [(1, "{}".to_owned()), (2, "{}".to_owned())],
                "{}",
                test.name
            );
            let kept = [(2, "sent".to_owned()), (3, "brought back".to_owned())];
            assert_eq!(lines, kept, "{}", test.name);
        }
    }

    #[tokio::test]
    async fn open_cases_are_read_anew_and_begin_with_what_moved_them_last() {
        const ADD: &str = "insert into cases (case_id, next_seq, secret, erased, pending, filed_at,
                updated_at, state, turn, described)
            values ($1, 1, 0, 0, 0, 0, 0, $2, $3, 1)";
        const READ: &str = "select case_id, described, replied from cases order by case_id";
        for test in databases().await {
            let db = test.open(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            migrate_before("0056_replied", &mut tx).await;
            for (id, state, turn) in [
                ("a", Some("in_progress"), Some("case.replied")),
                ("b", Some("in_progress"), Some("case.followed_up")),
                ("c", Some("received"), None),
                ("d", Some("closed"), Some("case.replied")),
                ("e", None, None),
            ] {
                on!(&mut tx, conn => sqlx::query(ADD)
                    .bind(id)
                    .bind(state)
                    .bind(turn)
                    .execute(conn)
                    .await
                    .map(|_| ()))
                .unwrap();
            }
            tx.commit().await.unwrap();
            db.migrate().await.unwrap();
            let mut tx = db.read().await.unwrap();
            let read: Vec<(String, i64, i64)> =
                on!(&mut tx, conn => sqlx::query_as(READ).fetch_all(conn).await).unwrap();
            let read: Vec<(&str, i64, i64)> = read
                .iter()
                .map(|(id, described, replied)| (id.as_str(), *described, *replied))
                .collect();
            let expected = [
                ("a", 0, 1),
                ("b", 0, 0),
                ("c", 0, 0),
                ("d", 1, 0),
                ("e", 1, 0),
            ];
            assert_eq!(read, expected, "{}", test.name);
        }
    }

    #[tokio::test]
    async fn closings_before_followers_heard_of_them_are_passed_over_where_somebody_follows() {
        const TOLD: &str = "insert into inbox (stream, case_id, depoch, dseq, item, envelope_id,
                kind, state, attempts, received_at)
            values ($1, $2, $3, $4, '{}', $5, 'case.closed', 'applied', 1, 0)";
        const FOLLOWERS: &str = "insert into followers (case_id, contact, at)
            values ('a', 'budi@contoh.id', 1), ('a', 'siti@contoh.id', 2),
                ('b', 'budi@contoh.id', 1), ('c', 'budi@contoh.id', 1)";
        const READ: &str = "select case_id, message, told_to from news_told order by case_id";
        for test in databases().await {
            let db = test.open(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            migrate_before("0058_own_closings", &mut tx).await;
            for (stream, case, depoch, dseq) in [
                ("inbox", "a", 1_i64, 30_i64),
                ("inbox", "a", 2, 9),
                ("inbox", "a", 2, 10),
                ("inbox", "b", 1, 31),
                ("public", "b", 1, 32),
                ("inbox", "d", 1, 33),
            ] {
                on!(&mut tx, conn => sqlx::query(TOLD)
                    .bind(stream)
                    .bind(case)
                    .bind(depoch)
                    .bind(dseq)
                    .bind(&b"message"[..])
                    .execute(conn)
                    .await
                    .map(|_| ()))
                .unwrap();
            }
            on!(&mut tx, conn => sqlx::query(FOLLOWERS).execute(conn).await.map(|_| ())).unwrap();
            tx.commit().await.unwrap();
            db.migrate().await.unwrap();
            let mut tx = db.read().await.unwrap();
            let read: Vec<(String, String, Option<String>)> =
                on!(&mut tx, conn => sqlx::query_as(READ).fetch_all(conn).await).unwrap();
            let noted = |case: &str, mark: &str| -> (String, String, Option<String>) {
                (case.to_owned(), mark.to_owned(), None)
            };
            let expected = [
                noted("a", "closed-before:2:10"),
                noted("b", "closed-before:1:31"),
            ];
            assert_eq!(read, expected, "{}", test.name);
        }
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for sources in [HUB, NODE] {
            let versions: Vec<i64> = sources.iter().map(|source| source.name().version).collect();
            assert_eq!(versions, (1..=sources.len() as i64).collect::<Vec<_>>());
        }
    }

    async fn execute(db: &Db, sql: &'static str) {
        let mut tx = db.write().await.unwrap();
        on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(|_| ())).unwrap();
        tx.commit().await.unwrap();
    }
}
