//! Where this node stands: its own chain, its cursors, the directory, and the
//! few facts it learned when it joined.

use lapor_migrations::{Legible, Tx, on};

use super::Stored;

pub async fn fact(tx: &mut Tx, name: &str) -> Stored<Option<String>> {
    const SQL: &str = "select value from node_facts where name = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(name).fetch_optional(c).await)?)
}

pub async fn set_fact(tx: &mut Tx, name: &str, value: &str) -> Stored<()> {
    const SQL: &str = "insert into node_facts (name, value) values ($1, $2)
        on conflict (name) do update set value = excluded.value";
    on!(tx, c => sqlx::query(SQL).bind(name).bind(value).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn forget_fact(tx: &mut Tx, name: &str) -> Stored<()> {
    const SQL: &str = "delete from node_facts where name = $1";
    on!(tx, c => sqlx::query(SQL).bind(name).execute(c).await.map(drop))?;
    Ok(())
}

/// Epoch, last sealed seq, envelope id of the last sealed message, last accepted seq.
pub async fn head(tx: &mut Tx) -> Stored<Option<(i64, i64, Vec<u8>, i64)>> {
    const SQL: &str = "select epoch, seq, head, accepted from chain where id = 1";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_optional(c).await)?)
}

pub async fn set_head(tx: &mut Tx, epoch: i64, seq: i64, head: &[u8], accepted: i64) -> Stored<()> {
    const SQL: &str =
        "insert into chain (id, epoch, seq, head, accepted) values (1, $1, $2, $3, $4)
        on conflict (id) do update set epoch = excluded.epoch, seq = excluded.seq,
            head = excluded.head, accepted = excluded.accepted";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(seq).bind(head).bind(accepted).execute(c).await.map(drop))?;
    Ok(())
}

/// Moves the last sealed position and leaves the last accepted one alone.
pub async fn advance(tx: &mut Tx, epoch: i64, seq: i64, head: &[u8]) -> Stored<()> {
    const SQL: &str = "insert into chain (id, epoch, seq, head, accepted) values (1, $1, $2, $3, 0)
        on conflict (id) do update set epoch = excluded.epoch, seq = excluded.seq, head = excluded.head";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(seq).bind(head).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn set_accepted(tx: &mut Tx, epoch: i64, accepted: i64) -> Stored<()> {
    const SQL: &str = "update chain set accepted = $2 where epoch = $1 and accepted < $2";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(accepted).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn directory_lines(tx: &mut Tx, since: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select line from directory_versions where version > $1 order by version";
    let lines: Vec<Legible<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(since).fetch_all(c).await)?;
    Ok(lines.into_iter().map(Legible::text).collect())
}

pub async fn directory_line(tx: &mut Tx, version: i64) -> Stored<Option<String>> {
    const SQL: &str = "select line from directory_versions where version = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(version).fetch_optional(c).await)?)
}

pub async fn add_directory_line(tx: &mut Tx, version: i64, line: &str) -> Stored<()> {
    const SQL: &str = "insert into directory_versions (version, line) values ($1, $2)
        on conflict (version) do nothing";
    on!(tx, c => sqlx::query(SQL).bind(version).bind(line).execute(c).await.map(drop))?;
    Ok(())
}

/// A stream's cursor: depoch, dseq, hash, settled dseq, acknowledged (settled) dseq.
pub type CursorRow = (i64, i64, Vec<u8>, i64, i64);

pub async fn cursor(tx: &mut Tx, stream: &str) -> Stored<Option<CursorRow>> {
    const SQL: &str = "select depoch, dseq, hash, settled, acked from cursors where stream = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(stream).fetch_optional(c).await)?)
}

/// Never back: another process on this database may have come further meanwhile.
pub async fn set_cursor(
    tx: &mut Tx,
    stream: &str,
    depoch: i64,
    dseq: i64,
    hash: &[u8],
) -> Stored<()> {
    const SQL: &str = "insert into cursors (stream, depoch, dseq, hash, settled, acked)
        values ($1, $2, $3, $4, 0, 0)
        on conflict (stream) do update set depoch = excluded.depoch, dseq = excluded.dseq, hash = excluded.hash
            where (cursors.depoch, cursors.dseq) < (excluded.depoch, excluded.dseq)";
    on!(tx, c => sqlx::query(SQL).bind(stream).bind(depoch).bind(dseq).bind(hash).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn set_settled(tx: &mut Tx, stream: &str, settled: i64) -> Stored<()> {
    const SQL: &str = "update cursors set settled = $2 where stream = $1 and settled < $2";
    on!(tx, c => sqlx::query(SQL).bind(stream).bind(settled).execute(c).await.map(drop))?;
    Ok(())
}

/// As if nothing had been acknowledged yet.
pub async fn forget_acks(tx: &mut Tx) -> Stored<()> {
    const SQL: &str = "update cursors set acked = 0";
    on!(tx, c => sqlx::query(SQL).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn set_acked(tx: &mut Tx, stream: &str, acked: i64) -> Stored<()> {
    const SQL: &str = "update cursors set acked = $2 where stream = $1 and acked < $2";
    on!(tx, c => sqlx::query(SQL).bind(stream).bind(acked).execute(c).await.map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn a_cursor_moves_on_and_never_back() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            for ((depoch, dseq), expected) in [
                ((1, 5), (1, 5)),
                ((1, 3), (1, 5)),
                ((1, 9), (1, 9)),
                ((2, 1), (2, 1)),
                ((1, 10), (2, 1)),
            ] {
                let hash = [dseq as u8; 32];
                let set = set_cursor(tx, "inbox", depoch, dseq, &hash).await;
                set.unwrap();
                let row = cursor(tx, "inbox").await.unwrap().unwrap();
                assert_eq!((row.0, row.1), expected, "{}", test.name);
                assert_eq!(row.2, [expected.1 as u8; 32], "{}", test.name);
            }
        }
    }
}
