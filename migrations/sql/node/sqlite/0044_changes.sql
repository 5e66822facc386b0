-- What has changed here, in the order of the commits: which case, programme or edition, and by what.
-- It holds no word and nobody's name. `message` is missing where no message says it.
create table changes (
    number integer not null primary key,
    at integer not null,
    subject text not null,
    id text not null,
    kind text not null,
    message text
) strict;

-- Who is told of changes over HTTP. `kinds` are patterns with spaces between, `looked_at` is the last
-- change of which a delivery was made if it was wanted. States: `on`, `off`. `problem` says why nothing
-- arrives, since `troubled_since`; `failures` counts tries since something last arrived.
create table webhooks (
    id text not null primary key,
    name text not null,
    url text not null unique,
    kinds text not null,
    secret blob not null,
    former blob,
    former_until integer,
    state text not null,
    looked_at integer not null,
    due_at integer not null,
    leased_until integer not null,
    failures integer not null,
    troubled_since integer,
    problem text,
    arrived_at integer,
    made_by text not null,
    made_at integer not null
) strict;

-- What a webhook is told, in the order of the changes; `at` is when it changed. States: `waiting`, `sent`, `skipped`.
create table webhook_deliveries (
    id text not null primary key,
    webhook text not null,
    change integer not null,
    kind text not null,
    body text not null,
    at integer not null,
    state text not null,
    tries integer not null,
    problem text,
    done_at integer
) strict;
create index webhook_deliveries_waiting on webhook_deliveries (webhook, change) where state = 'waiting';
create unique index webhook_deliveries_of on webhook_deliveries (webhook, change);
create index webhook_deliveries_at on webhook_deliveries (at);
