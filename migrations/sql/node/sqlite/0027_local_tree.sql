-- The place of a local category in the institution's own tree.
alter table local_categories add column place integer not null default 0;
-- What the tree was from a change on: JSON, the last number is in force.
create table local_editions (
    number integer not null primary key,
    at integer not null,
    actor text not null,
    categories text not null
) strict;
-- The local category of a case; no other institution is told.
alter table cases add column local_category text;
create index cases_local_category on cases (local_category, filed_at, case_id)
    where local_category is not null;
