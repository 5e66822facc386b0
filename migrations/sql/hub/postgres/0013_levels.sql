-- Which level of the road map each institution stands at and since when, noted every few minutes. `since` is
-- null where it stood there already when it was noted first.
create table reached_levels (
    slug text not null primary key,
    level text not null,
    since bigint
);
