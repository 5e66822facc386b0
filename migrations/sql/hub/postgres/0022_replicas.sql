-- The number in the hub's order at which a stream has grown last: by it a process finds what others have changed.
alter table streams add column number bigint not null default 0;

-- What each process of this hub sees, for the others: whoever is connected to it, and what it has refused.
create table replicas (
    name text not null primary key,
    beat bigint not null,
    seen text not null
);

-- Which process has begun it.
alter table upkeep_runs add column replica text;
