//! Text that a program keeps in a row, changed behind its back as a disk may change it.

use std::fmt::Display;

use lapor_migrations::{Db, Packed, on, pack};

/// Where it is kept.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its number and the text, by a case or a kind.
    pub read: &'static str,
    /// How it is written back: by number, with the text.
    pub write: &'static str,
    /// Whether it is a line that is kept packed.
    pub packed: bool,
}

impl Place {
    pub async fn read(self, db: &Db, of: &impl Display) -> (i64, String) {
        let of = of.to_string();
        let mut tx = db.read().await.unwrap();
        if self.packed {
            let (number, line): (i64, Packed<String>) = on!(&mut tx, c => sqlx::query_as(self.read)
                .bind(of.as_str())
                .fetch_one(c)
                .await)
            .unwrap();
            return (number, line.line());
        }
        on!(&mut tx, c => sqlx::query_as(self.read).bind(of.as_str()).fetch_one(c).await).unwrap()
    }

    pub async fn write(self, db: &Db, number: i64, text: &str) {
        let mut tx = db.write().await.unwrap();
        let written = if self.packed {
            on!(&mut tx, c => sqlx::query(self.write)
                .bind(number)
                .bind(pack(text))
                .execute(c)
                .await
                .map(|done| done.rows_affected()))
        } else {
            on!(&mut tx, c => sqlx::query(self.write)
                .bind(number)
                .bind(text)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))
        };
        assert_eq!(written.unwrap(), 1, "{}", self.write);
        tx.commit().await.unwrap();
    }
}
