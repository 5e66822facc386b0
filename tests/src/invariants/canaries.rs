//! Words that must stand nowhere: searched as they are and in the forms in
//! which bytes travel (hexadecimal, base64 at each of its three offsets).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use lapor_migrations::{Db, Kind, Tx, on};
use sqlx::AssertSqlSafe;

use super::Report;

/// A canary shorter than this would be found by chance.
const SHORTEST: usize = 8;

/// Words to search for, each with its forms.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    words: Vec<(String, Vec<Vec<u8>>)>,
}

impl Canaries {
    /// Panics at a word of fewer than eight bytes, which proves nothing.
    pub fn new(words: &[String]) -> Self {
        let forms = |word: &String| {
            assert!(word.len() >= SHORTEST, "{word:?} is too short for a canary");
            (word.clone(), forms(word.as_bytes()))
        };
        Self {
            words: words.iter().map(forms).collect(),
        }
    }

    /// The words that stand in some bytes.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let stands = |forms: &Vec<Vec<u8>>| forms.iter().any(|form| contains(bytes, form));
        let found = self.words.iter().filter(|(_, forms)| stands(forms));
        found.map(|(word, _)| word.as_str()).collect()
    }
}

/// Searches every file below a folder. Returns how many were read, and in
/// which a word stands.
pub fn search_folder(
    folder: &Path,
    canaries: &Canaries,
) -> anyhow::Result<(u64, Vec<(PathBuf, String)>)> {
    let mut folders = vec![folder.to_owned()];
    let (mut count, mut found) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        let listing = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in listing {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(bytes) = std::fs::read(&path) else {
                // A journal or a piece of a blob that has just been finished with.
                continue;
            };
            count += 1;
            let words = canaries.found_in(&bytes);
            found.extend(
                words
                    .into_iter()
                    .map(|word| (path.clone(), word.to_owned())),
            );
        }
    }
    Ok((count, found))
}

/// Searches every column of every table.
pub async fn search_database(
    db: &Db,
    canaries: &Canaries,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    for table in tables(&mut tx).await? {
        for row in rows(&mut tx, &table).await? {
            report.saw("confidential", 1);
            for word in canaries.found_in(row.as_bytes()) {
                report.wrong(
                    "confidential",
                    format!("{word:?} stands in {table}: {row:.200}"),
                );
            }
        }
    }
    Ok(())
}

async fn tables(tx: &mut Tx) -> anyhow::Result<Vec<String>> {
    const SQLITE: &str =
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'";
    const POSTGRES: &str =
        "select tablename::text from pg_tables where schemaname = current_schema()";
    let sql = match tx.kind() {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
    };
    Ok(on!(tx, c => sqlx::query_scalar(sql).fetch_all(c).await)?)
}

/// Each row of a table as one text; bytes in hexadecimal.
async fn rows(tx: &mut Tx, table: &str) -> anyhow::Result<Vec<String>> {
    let sql = match tx.kind() {
        Kind::Postgres => format!("select t::text from {table} t"),
        Kind::Sqlite => {
            let sql = format!("select name from pragma_table_info('{table}')");
            let columns: Vec<String> =
                on!(&mut *tx, c => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(c).await)?;
            let text = |column: &String| {
                format!(
                    "iif(typeof({column}) = 'blob', lower(hex({column})), ifnull({column}, ''))"
                )
            };
            let columns: Vec<String> = columns.iter().map(text).collect();
            format!("select {} from {table}", columns.join(" || '|' || "))
        }
    };
    Ok(on!(tx, c => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(c).await)?)
}

fn forms(word: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![word.to_vec(), hex::encode(word).into_bytes()];
    for offset in 0..3 {
        let mut shifted = vec![0; offset];
        shifted.extend_from_slice(word);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            // Only whole groups of the word's own bytes are the same in every text.
            let from = if offset == 0 { 0 } else { 4 };
            let to = shifted.len() / 3 * 4;
            forms.push(text.as_bytes()[from..to].to_vec());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_every_form_and_not_by_chance() {
        let canaries = Canaries::new(&["burung kenari".into()]);
        for before in ["", "x", "xy", "xyz", "{\"title\":\""] {
            let text = format!("{before}burung kenari di pohon");
            for hidden in [
                text.clone(),
                hex::encode(&text),
                STANDARD_NO_PAD.encode(&text),
                URL_SAFE_NO_PAD.encode(&text),
            ] {
                assert_eq!(
                    canaries.found_in(hidden.as_bytes()),
                    ["burung kenari"],
                    "{hidden}"
                );
            }
        }
        assert!(canaries.found_in(b"burung kutilang").is_empty());
        assert!(canaries.found_in(b"bur").is_empty());
    }
}
