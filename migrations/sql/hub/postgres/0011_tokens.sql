-- Bearer tokens of the console's API; only the hash of a secret is kept.
create table tokens (
    id text not null primary key,
    name text not null unique,
    role text not null,
    hash bytea not null unique,
    created_at bigint not null,
    revoked_at bigint
);
