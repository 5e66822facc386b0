-- How far what a provider keeps has been fetched, for providers that are asked.
create table channel_cursors (
    line text not null primary key,
    cursor text not null,
    at integer not null
) strict;

-- Where everybody reads, the sealed id of the post that was filed: what happens is told below it.
alter table channel_cases add column post blob;
