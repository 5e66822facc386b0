//! What travels on the public stream: programmes, taxonomy, calendar.
//!
//! A publication is `pending` (made here, not back yet), `published` (it has
//! its place on the stream) or `refused` (an own one that the hub did not let
//! through). Own pending ones count as the latest.

use lapor_migrations::{Legible, Tx, on};
use sqlx::FromRow;

use super::Stored;

/// A publication on its way into the table.
pub struct NewPublication<'a> {
    pub author: &'a str,
    pub message_id: &'a str,
    pub kind: &'a str,
    /// Slug of the programme, or name of the edition.
    pub name: &'a str,
    pub body: &'a str,
    /// Unix ms: when it was made here, or its place in the hub's order.
    pub at: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct PublicationRow {
    #[sqlx(try_from = "Legible<String>")]
    pub message_id: String,
    #[sqlx(try_from = "Legible<String>")]
    pub kind: String,
    #[sqlx(try_from = "Legible<String>")]
    pub name: String,
    #[sqlx(try_from = "Legible<String>")]
    pub body: String,
    #[sqlx(try_from = "Legible<String>")]
    pub state: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub reason: Option<String>,
    pub at: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct ProgrammeRow {
    #[sqlx(try_from = "Legible<String>")]
    pub owner: String,
    #[sqlx(try_from = "Legible<String>")]
    pub slug: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub region: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub published: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub progress: Option<String>,
    pub pending: i64,
    pub updated_at: i64,
}

/// The columns of a [`PublicationRow`].
macro_rules! publication {
    () => {
        "message_id, kind, name, body, state, reason, at"
    };
}

/// The columns of a [`ProgrammeRow`].
macro_rules! programme {
    () => {
        "owner, slug, region, published, progress, pending, updated_at"
    };
}

/// An own publication that waits for its ruling.
pub async fn add_pending(tx: &mut Tx, row: &NewPublication<'_>) -> Stored<()> {
    const SQL: &str =
        "insert into publications (number, author, message_id, kind, name, body, state, at)
        values ((select coalesce(max(number), 0) + 1 from publications),
            $1, $2, $3, $4, $5, 'pending', $6)";
    on!(tx, c => sqlx::query(SQL)
        .bind(row.author)
        .bind(row.message_id)
        .bind(row.kind)
        .bind(row.name)
        .bind(row.body)
        .bind(row.at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// A publication at its place on the stream, whether it was pending here or is new.
pub async fn publish(tx: &mut Tx, row: &NewPublication<'_>, place: (i64, i64)) -> Stored<()> {
    const SQL: &str = "insert into publications
            (number, author, message_id, kind, name, body, state, at, depoch, dseq)
        values ((select coalesce(max(number), 0) + 1 from publications),
            $1, $2, $3, $4, $5, 'published', $6, $7, $8)
        on conflict (author, message_id) do update set kind = excluded.kind, name = excluded.name,
            body = excluded.body, state = excluded.state, reason = null, at = excluded.at,
            depoch = excluded.depoch, dseq = excluded.dseq";
    on!(tx, c => sqlx::query(SQL)
        .bind(row.author)
        .bind(row.message_id)
        .bind(row.kind)
        .bind(row.name)
        .bind(row.body)
        .bind(row.at)
        .bind(place.0)
        .bind(place.1)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Marks an own pending publication as one without effect. Returns its kind and name.
pub async fn refuse(
    tx: &mut Tx,
    author: &str,
    message_id: &str,
    reason: &str,
) -> Stored<Option<(String, String)>> {
    const SQL: &str = "update publications set state = 'refused', reason = $3
        where author = $1 and message_id = $2 and state = 'pending' returning kind, name";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(author)
        .bind(message_id)
        .bind(reason)
        .fetch_optional(c)
        .await)?)
}

/// Makes an own publication pending again. Returns its kind and name.
pub async fn offer_again(
    tx: &mut Tx,
    author: &str,
    message_id: &str,
) -> Stored<Option<(String, String)>> {
    const SQL: &str = "update publications set state = 'pending', reason = null
        where author = $1 and message_id = $2 and state = 'refused' returning kind, name";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(author).bind(message_id).fetch_optional(c).await)?)
}

/// The latest publication of a kind under a name that has effect, by any author or by one.
pub async fn latest(
    tx: &mut Tx,
    kind: &str,
    name: &str,
    author: Option<&str>,
) -> Stored<Option<PublicationRow>> {
    const SQL: &str = concat!(
        "select ",
        publication!(),
        " from publications
        where kind = $1 and name = $2 and (cast($3 as text) is null or author = $3) and state <> 'refused'
        order by case state when 'pending' then 1 else 0 end desc, depoch desc, dseq desc,
            number desc limit 1"
    );
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(kind).bind(name).bind(author).fetch_optional(c).await)?,
    )
}

/// The latest of an author's publications of a kind under a name on the public stream.
pub async fn latest_published(
    tx: &mut Tx,
    kind: &str,
    name: &str,
    author: &str,
) -> Stored<Option<PublicationRow>> {
    const SQL: &str = concat!(
        "select ",
        publication!(),
        " from publications
        where kind = $1 and name = $2 and author = $3 and state = 'published'
        order by depoch desc, dseq desc limit 1"
    );
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(kind).bind(name).bind(author).fetch_optional(c).await)?,
    )
}

/// All publications about one programme, oldest first, those without effect included.
pub async fn of_programme(tx: &mut Tx, owner: &str, slug: &str) -> Stored<Vec<PublicationRow>> {
    const SQL: &str = concat!(
        "select ",
        publication!(),
        " from publications
        where kind in ('programme.published', 'programme.progressed') and name = $2 and author = $1
        order by case state when 'published' then 0 else 1 end, depoch, dseq, number"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(owner).bind(slug).fetch_all(c).await)?)
}

/// All editions of a kind, oldest first, without their bodies.
pub async fn editions(tx: &mut Tx, kind: &str) -> Stored<Vec<PublicationRow>> {
    const SQL: &str =
        "select message_id, kind, name, '' as body, state, reason, at from publications
        where kind = $1
        order by case state when 'published' then 0 else 1 end, depoch, dseq, number";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(kind).fetch_all(c).await)?)
}

/// Own pending publications about one programme.
pub async fn pending_of(tx: &mut Tx, owner: &str, slug: &str) -> Stored<i64> {
    const SQL: &str = "select count(*) from publications
        where kind in ('programme.published', 'programme.progressed') and name = $2 and author = $1
            and state = 'pending'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(owner).bind(slug).fetch_one(c).await)?)
}

/// Stores a programme; `built_in` is the map of a part of the country that shows it, empty where none
/// does, of one that says where it is built.
pub async fn put_programme(tx: &mut Tx, row: &ProgrammeRow, built_in: Option<&str>) -> Stored<()> {
    const SQL: &str = concat!(
        "insert into programmes (",
        programme!(),
        ", placed, built_in)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (owner, slug) do update set region = excluded.region,
            published = excluded.published, progress = excluded.progress,
            pending = excluded.pending, updated_at = excluded.updated_at,
            placed = excluded.placed, built_in = excluded.built_in"
    );
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.owner)
        .bind(&row.slug)
        .bind(&row.region)
        .bind(&row.published)
        .bind(&row.progress)
        .bind(row.pending)
        .bind(row.updated_at)
        .bind(i64::from(built_in.is_some()))
        .bind(built_in)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Programmes of an older version, which say where they are built and are on no map of a part of the
/// country yet.
pub async fn unlocated(tx: &mut Tx, limit: i64) -> Stored<Vec<ProgrammeRow>> {
    const SQL: &str = concat!(
        "select ",
        programme!(),
        " from programmes where placed = 1 and built_in is null order by owner, slug limit $1"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

pub async fn remove_programme(tx: &mut Tx, owner: &str, slug: &str) -> Stored<()> {
    const SQL: &str = "delete from programmes where owner = $1 and slug = $2";
    on!(tx, c => sqlx::query(SQL).bind(owner).bind(slug).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn programme(tx: &mut Tx, owner: &str, slug: &str) -> Stored<Option<ProgrammeRow>> {
    const SQL: &str = concat!(
        "select ",
        programme!(),
        " from programmes where owner = $1 and slug = $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(owner).bind(slug).fetch_optional(c).await)?)
}

/// Which programmes to list; `None` means any.
pub struct Conditions<'a> {
    pub owner: Option<&'a str>,
    /// A region, with all that lies in it.
    pub region: Option<&'a str>,
    /// As the latest progress words it.
    pub status: Option<&'a str>,
    /// Rows that come after this one in the list's order.
    pub after_owner: &'a str,
    pub after_slug: &'a str,
}

/// Programmes that say where they are built, the latest first.
pub async fn placed(tx: &mut Tx, limit: i64) -> Stored<Vec<ProgrammeRow>> {
    const SQL: &str = concat!(
        "select ",
        programme!(),
        " from programmes where placed = 1 order by updated_at desc, owner, slug limit $1"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// Those of the map of a part of the country, the latest first.
pub async fn placed_in(tx: &mut Tx, part: &str, limit: i64) -> Stored<Vec<ProgrammeRow>> {
    const SQL: &str = concat!(
        "select ",
        programme!(),
        " from programmes where placed = 1 and built_in = $1
        order by updated_at desc, owner, slug limit $2"
    );
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(part).bind(limit).fetch_all(c).await)?)
}

/// By owner, then by slug. A quotation mark in a text of the progress is escaped
/// there, and is none of a field.
pub async fn programmes(
    tx: &mut Tx,
    wanted: &Conditions<'_>,
    limit: i64,
) -> Stored<Vec<ProgrammeRow>> {
    const SQL: &str = concat!(
        "select ",
        programme!(),
        r#" from programmes
        where (owner > $1 or (owner = $1 and slug > $2))
            and (cast($3 as text) is null or owner = $3)
            and (cast($4 as text) is null or region = $4 or region like $4 || '.%')
            and (cast($5 as text) is null
                or replace(coalesce(progress, '"status":"planned"'), ' ', '')
                    like '%"status":"' || $5 || '"%')
        order by owner, slug limit $6"#
    );
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(wanted.after_owner)
        .bind(wanted.after_slug)
        .bind(wanted.owner)
        .bind(wanted.region)
        .bind(wanted.status)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}
