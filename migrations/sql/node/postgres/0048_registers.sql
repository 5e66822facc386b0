-- Registers of an institution that were brought as files. What was read of one waits in `sheet`, sealed, and goes when it is
-- filed; the hash of the file stays, so that the same is not filed twice. States: `waiting`, `done`.
create table imports (
    id text not null primary key,
    name text not null,
    sha256 bytea not null,
    actor text not null,
    state text not null,
    sheet bytea,
    made_at bigint not null,
    done_at bigint,
    filed bigint not null,
    left_out bigint not null
);
create unique index imports_sha256 on imports (sha256);
create index imports_made on imports (made_at);

-- Which case a row became; `said` is a keyed hash of its words, by which one without a number is known again.
create table import_rows (
    import text not null,
    line bigint not null,
    case_id text not null,
    said bytea not null,
    primary key (import, line)
);
create index import_rows_said on import_rows (said);
