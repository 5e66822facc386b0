-- What has changed here, in the order of the commits: which case, programme or edition, and by what.
-- It holds no word and nobody's name. `message` is missing where no message says it.
create table changes (
    number bigint not null primary key,
    at bigint not null,
    subject text not null,
    id text not null,
    kind text not null,
    message text
);

-- Who is told of changes over HTTP. `kinds` are patterns with spaces between, `looked_at` is the last
-- change of which a delivery was made if it was wanted. States: `on`, `off`. `problem` says why nothing
-- arrives, since `troubled_since`; `failures` counts tries since something last arrived.
create table webhooks (
    id text not null primary key,
    name text not null,
    url text not null unique,
    kinds text not null,
    secret bytea not null,
    former bytea,
    former_until bigint,
    state text not null,
    looked_at bigint not null,
    due_at bigint not null,
    leased_until bigint not null,
    failures bigint not null,
    troubled_since bigint,
    problem text,
    arrived_at bigint,
    made_by text not null,
    made_at bigint not null
);

-- What a webhook is told, in the order of the changes; `at` is when it changed. States: `waiting`, `sent`, `skipped`.
create table webhook_deliveries (
    id text not null primary key,
    webhook text not null,
    change bigint not null,
    kind text not null,
    body text not null,
    at bigint not null,
    state text not null,
    tries bigint not null,
    problem text,
    done_at bigint
);
create index webhook_deliveries_waiting on webhook_deliveries (webhook, change) where state = 'waiting';
create unique index webhook_deliveries_of on webhook_deliveries (webhook, change);
create index webhook_deliveries_at on webhook_deliveries (at);
