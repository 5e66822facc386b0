//! Keeps the two folders of each program equal: migrates both databases and compares what came out.
//!
//! Compared are tables, columns with type, nullability and presence of a default, primary keys,
//! indexes with uniqueness and order, and foreign keys. Virtual tables, columns of words and indexes
//! other than b-trees, which only one of the two has, are left out.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use crate::throwaway::databases;
use crate::{DbError, Kind, Schema, Tx, on};

/// Name, type, whether it may be null, whether it has a default.
type ColumnRow = (String, String, bool, bool);

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    primary_key: Vec<String>,
    /// Columns in order (an expression is `?`), unique, partial.
    indexes: BTreeSet<(Vec<String>, bool, bool)>,
    /// Columns, and the table they point at.
    foreign_keys: BTreeSet<(BTreeSet<String>, String)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Column {
    kind: &'static str,
    nullable: bool,
    default: bool,
}

#[tokio::test]
async fn both_databases_have_the_same_hub() {
    compare(Schema::Hub).await;
}

#[tokio::test]
async fn both_databases_have_the_same_node() {
    compare(Schema::Node).await;
}

async fn compare(schema: Schema) {
    let mut described = Vec::new();
    for test in databases().await {
        let db = test.migrated(schema).await.unwrap();
        let mut tx = db.read().await.unwrap();
        described.push(describe(&mut tx).await.unwrap());
    }
    let [sqlite, postgres] = &described[..] else {
        return;
    };
    let names = |tables: &BTreeMap<String, Table>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(sqlite),
        names(postgres),
        "tables of SQLite (left) and PostgreSQL (right)"
    );
    for (name, table) in sqlite {
        assert_eq!(
            table, &postgres[name],
            "table {name} on SQLite (left) and PostgreSQL (right)"
        );
    }
}

/// Proves that the comparison sees what it claims to compare, as the real schemas are equal.
#[tokio::test]
async fn a_table_is_described_alike_on_both() {
    const STATEMENTS: [&str; 5] = [
        "create table sample_cases (id bigint primary key, slug text not null)",
        "create table sample_acts (node text not null, seq bigint not null, case_id bigint references sample_cases (id), \
         body bytea not null, state text not null default 'open', primary key (node, seq), unique (case_id, seq))",
        "create unique index acts_open on sample_acts (case_id) where state = 'open'",
        "create index acts_by_state on sample_acts (state, node)",
        "create index acts_by_length on sample_acts (length(state))",
    ];
    let index = |columns: &[&str], unique, partial| {
        let columns = columns.iter().map(ToString::to_string).collect();
        (columns, unique, partial)
    };
    for test in databases().await {
        let db = test.migrated(Schema::Node).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for statement in STATEMENTS {
            let sql = match tx.kind() {
                Kind::Sqlite if statement.starts_with("create table") => {
                    statement
                        .replace("bigint", "integer")
                        .replace("bytea", "blob")
                        + " strict"
                }
                _ => statement.to_owned(),
            };
            let sql = AssertSqlSafe(sql);
            on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(|_| ())).unwrap();
        }
        let tables = describe(&mut tx).await.unwrap();
        let acts = &tables["sample_acts"];
        assert_eq!(acts.primary_key, ["node", "seq"], "{}", test.name);
        let case_id = Column {
            kind: "integer",
            nullable: true,
            default: false,
        };
        assert_eq!(acts.columns["case_id"], case_id, "{}", test.name);
        let state = Column {
            kind: "text",
            nullable: false,
            default: true,
        };
        assert_eq!(acts.columns["state"], state, "{}", test.name);
        assert_eq!(acts.columns["body"].kind, "bytes", "{}", test.name);
        assert!(!acts.columns["node"].nullable, "{}", test.name);
        let indexes = [
            index(&["case_id", "seq"], true, false),
            index(&["case_id"], true, true),
            index(&["state", "node"], false, false),
            index(&["?"], false, false),
        ];
        assert_eq!(acts.indexes, BTreeSet::from(indexes), "{}", test.name);
        let to_cases = (
            BTreeSet::from(["case_id".to_owned()]),
            "sample_cases".to_owned(),
        );
        assert_eq!(
            acts.foreign_keys,
            BTreeSet::from([to_cases]),
            "{}",
            test.name
        );
        assert_eq!(tables["sample_cases"].primary_key, ["id"], "{}", test.name);
        assert_eq!(
            tables["sample_cases"].indexes,
            BTreeSet::new(),
            "{}",
            test.name
        );
    }
}

async fn describe(tx: &mut Tx) -> Result<BTreeMap<String, Table>, DbError> {
    match tx {
        Tx::Sqlite(_) => sqlite(tx).await,
        Tx::Postgres(_) => postgres(tx).await,
    }
}

async fn sqlite(tx: &mut Tx) -> Result<BTreeMap<String, Table>, DbError> {
    const TABLES: &str = "select name, strict from pragma_table_list where schema = 'main' and type = 'table' \
         and name not like 'sqlite_%' and name <> '_sqlx_migrations'";
    const COLUMNS: &str = "select name, type, not \"notnull\" and pk = 0, dflt_value is not null, pk \
         from pragma_table_info($1)";
    const INDEXES: &str =
        "select name, \"unique\", partial from pragma_index_list($1) where origin <> 'pk'";
    const INDEX_COLUMNS: &str =
        "select coalesce(name, '?') from pragma_index_info($1) order by seqno";
    const FOREIGN_KEYS: &str = "select id, \"from\", \"table\" from pragma_foreign_key_list($1)";
    let Tx::Sqlite(tx) = tx else {
        unreachable!("called for SQLite")
    };
    let mut tables = BTreeMap::new();
    let names: Vec<(String, bool)> = sqlx::query_as(TABLES).fetch_all(&mut **tx).await?;
    for (name, strict) in names {
        assert!(strict, "table {name} is not strict on SQLite");
        let mut table = Table::default();
        let columns: Vec<(String, String, bool, bool, i64)> = sqlx::query_as(COLUMNS)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        let mut key: Vec<(i64, String)> = columns
            .iter()
            .filter(|column| column.4 > 0)
            .map(|column| (column.4, column.0.clone()))
            .collect();
        key.sort();
        table.primary_key = key.into_iter().map(|(_, column)| column).collect();
        table.columns = columns
            .into_iter()
            .map(|(column, kind, null, default, _)| described(&name, (column, kind, null, default)))
            .collect();
        let indexes: Vec<(String, bool, bool)> = sqlx::query_as(INDEXES)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        for (index, unique, partial) in indexes {
            let columns = sqlx::query_scalar(INDEX_COLUMNS)
                .bind(index)
                .fetch_all(&mut **tx)
                .await?;
            table.indexes.insert((columns, unique, partial));
        }
        let mut keys: BTreeMap<i64, (BTreeSet<String>, String)> = BTreeMap::new();
        let parts: Vec<(i64, String, String)> = sqlx::query_as(FOREIGN_KEYS)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        for (id, column, target) in parts {
            let key = keys.entry(id).or_default();
            key.0.insert(column);
            key.1 = target;
        }
        table.foreign_keys = keys.into_values().collect();
        tables.insert(name, table);
    }
    Ok(tables)
}

async fn postgres(tx: &mut Tx) -> Result<BTreeMap<String, Table>, DbError> {
    const TABLES: &str = "select cast(tablename as text) from pg_tables where schemaname = current_schema() \
         and tablename <> '_sqlx_migrations'";
    const COLUMNS: &str = "select cast(column_name as text), cast(data_type as text), is_nullable = 'YES', \
         column_default is not null from information_schema.columns \
         where table_schema = current_schema() and table_name = $1 and data_type <> 'tsvector'";
    const INDEXES: &str = "select i.indisprimary, i.indisunique, i.indpred is not null, \
         (select array_agg(coalesce(cast(a.attname as text), '?') order by k.place) \
          from unnest(cast(i.indkey as int2[])) with ordinality as k(number, place) \
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number \
          where k.place <= i.indnkeyatts) \
         from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam \
         where i.indrelid = cast(quote_ident($1) as regclass) and m.amname = 'btree'";
    const FOREIGN_KEYS: &str = "select (select array_agg(cast(a.attname as text)) from pg_attribute a \
          where a.attrelid = k.conrelid and a.attnum = any(k.conkey)), cast(t.relname as text) \
         from pg_constraint k join pg_class t on t.oid = k.confrelid \
         where k.contype = 'f' and k.conrelid = cast(quote_ident($1) as regclass)";
    let Tx::Postgres(tx) = tx else {
        unreachable!("called for PostgreSQL")
    };
    let mut tables = BTreeMap::new();
    let names: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut **tx).await?;
    for name in names {
        let mut table = Table::default();
        let columns: Vec<ColumnRow> = sqlx::query_as(COLUMNS)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        table.columns = columns
            .into_iter()
            .map(|column| described(&name, column))
            .collect();
        let indexes: Vec<(bool, bool, bool, Vec<String>)> = sqlx::query_as(INDEXES)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        for (primary, unique, partial, columns) in indexes {
            if primary {
                table.primary_key = columns;
            } else {
                table.indexes.insert((columns, unique, partial));
            }
        }
        let keys: Vec<(Vec<String>, String)> = sqlx::query_as(FOREIGN_KEYS)
            .bind(&name)
            .fetch_all(&mut **tx)
            .await?;
        table.foreign_keys = keys
            .into_iter()
            .map(|(columns, target)| (columns.into_iter().collect(), target))
            .collect();
        tables.insert(name, table);
    }
    Ok(tables)
}

/// The types that mean the same on both; a column of any other type fails the comparison.
fn described(table: &str, (name, kind, nullable, default): ColumnRow) -> (String, Column) {
    let kind = match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => "integer",
        "text" => "text",
        "blob" | "bytea" => "bytes",
        "real" | "double precision" => "real",
        other => {
            panic!("column {table}.{name} has the type {other}, which the other database lacks")
        }
    };
    (
        name,
        Column {
            kind,
            nullable,
            default,
        },
    )
}
