-- Bearer tokens of the console's API; only the hash of a secret is kept.
create table tokens (
    id text not null primary key,
    name text not null unique,
    role text not null,
    hash blob not null unique,
    created_at integer not null,
    revoked_at integer
) strict;
