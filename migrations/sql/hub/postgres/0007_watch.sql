-- Beside a report: by how much the instance's clock differed from the hub's when it came, what both
-- sides knew of the streams then, and since when they differ in the same way.
alter table health add column clock_offset bigint not null default 0;
alter table health add column views text;
alter table health add column apart_since bigint;

-- The worst of each step of time: five minutes for a day, an hour for a month. `sent` and
-- `received` count messages since the instance joined.
create table samples (
    slug text not null,
    step bigint not null,
    at bigint not null,
    undelivered bigint not null,
    undelivered_age bigint not null,
    unsent bigint not null,
    unsent_age bigint not null,
    sent bigint not null,
    received bigint not null,
    primary key (slug, step, at)
);
create index samples_age on samples (step, at);

-- When an instance came and went, and why it was turned away.
create table visits (
    slug text not null,
    at bigint not null,
    what text not null,
    detail text not null,
    primary key (slug, at, what)
);
