-- How far what a provider keeps has been fetched, for providers that are asked.
create table channel_cursors (
    line text not null primary key,
    cursor text not null,
    at bigint not null
);

-- Where everybody reads, the sealed id of the post that was filed: what happens is told below it.
alter table channel_cases add column post bytea;
