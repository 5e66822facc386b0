-- The place of a local category in the institution's own tree.
alter table local_categories add column place bigint not null default 0;
-- What the tree was from a change on: JSON, the last number is in force.
create table local_editions (
    number bigint not null primary key,
    at bigint not null,
    actor text not null,
    categories text not null
);
-- The local category of a case; no other institution is told.
alter table cases add column local_category text;
create index cases_local_category on cases (local_category, filed_at, case_id)
    where local_category is not null;
