-- Beside a report: by how much the instance's clock differed from the hub's when it came, what both
-- sides knew of the streams then, and since when they differ in the same way.
alter table health add column clock_offset integer not null default 0;
alter table health add column views text;
alter table health add column apart_since integer;

-- The worst of each step of time: five minutes for a day, an hour for a month. `sent` and
-- `received` count messages since the instance joined.
create table samples (
    slug text not null,
    step integer not null,
    at integer not null,
    undelivered integer not null,
    undelivered_age integer not null,
    unsent integer not null,
    unsent_age integer not null,
    sent integer not null,
    received integer not null,
    primary key (slug, step, at)
) strict;
create index samples_age on samples (step, at);

-- When an instance came and went, and why it was turned away.
create table visits (
    slug text not null,
    at integer not null,
    what text not null,
    detail text not null,
    primary key (slug, at, what)
) strict;
