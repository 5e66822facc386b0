//! Words that must stand nowhere: searched as they are and in the forms in
//! which bytes travel (hexadecimal, base64 at each of its three offsets).

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use lapor_migrations::{Db, Kind, Tx, on};
use sqlx::AssertSqlSafe;

use super::Report;

/// A canary shorter than this would be found by chance.
const SHORTEST: usize = 8;

/// Bits of the sieve's index.
const SIEVE_BITS: u32 = 18;

/// Words to search for, in all their forms: thousands of them at once, in one
/// pass over the bytes.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    words: Vec<String>,
    /// Forms by their first eight bytes, each with the index of its word.
    forms: HashMap<u64, Vec<(usize, Vec<u8>)>>,
    /// Whether any form begins with bytes of this index; nearly always none does.
    sieve: Vec<bool>,
}

impl Canaries {
    /// Panics at a word of fewer than eight bytes, which proves nothing.
    pub fn new(words: &[String]) -> Self {
        let mut canaries = Self {
            words: words.to_vec(),
            forms: HashMap::new(),
            sieve: vec![false; 1 << SIEVE_BITS],
        };
        for (index, word) in words.iter().enumerate() {
            assert!(word.len() >= SHORTEST, "{word:?} is too short for a canary");
            for form in forms(word.as_bytes()) {
                let stem = form[..SHORTEST]
                    .iter()
                    .fold(0, |stem, byte| next(stem, *byte));
                canaries.sieve[place(stem)] = true;
                canaries.forms.entry(stem).or_default().push((index, form));
            }
        }
        canaries
    }

    /// The words that stand in some bytes.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = BTreeSet::new();
        let mut stem = 0;
        for (at, byte) in bytes.iter().enumerate() {
            stem = next(stem, *byte);
            if at + 1 < SHORTEST || !self.sieve[place(stem)] {
                continue;
            }
            let here = &bytes[at + 1 - SHORTEST..];
            let candidates = self.forms.get(&stem).into_iter().flatten();
            let standing = candidates.filter(|(_, form)| here.starts_with(form));
            found.extend(standing.map(|(index, _)| self.words[*index].as_str()));
        }
        found.into_iter().collect()
    }
}

/// The last eight bytes after one more.
fn next(stem: u64, byte: u8) -> u64 {
    stem << 8 | u64::from(byte)
}

/// Where eight bytes stand in the sieve: a multiplicative hash (Knuth, 6.4).
fn place(stem: u64) -> usize {
    (stem.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SIEVE_BITS)) as usize
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

    #[test]
    fn many_words_are_found_in_one_pass() {
        let words: Vec<String> = (0..2000).map(|n| format!("burung {n:04}")).collect();
        let canaries = Canaries::new(&words);
        assert_eq!(canaries.found_in(words.concat().as_bytes()).len(), 2000);
        let begun: String = words.iter().map(|word| &word[..10]).collect();
        assert!(canaries.found_in(begun.as_bytes()).is_empty());
    }
}
