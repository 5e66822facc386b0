-- A trial that could not be run to its end says nothing of the backup. A check cannot be changed in
-- place, so the table is made again.
create table upkeep_runs_before as select * from upkeep_runs;
drop table upkeep_runs;
create table upkeep_runs (
    id text not null primary key,
    work text not null check (work in ('backup', 'trial')),
    name text not null,
    backup_at integer,
    asked_by text not null,
    began_at integer not null,
    ended_at integer,
    outcome text check (outcome in ('done', 'failed', 'aborted')),
    result text
) strict;
create index upkeep_runs_began on upkeep_runs (began_at);
insert into upkeep_runs (id, work, name, backup_at, asked_by, began_at, ended_at, outcome, result)
    select id, work, name, backup_at, asked_by, began_at, ended_at, outcome, result from upkeep_runs_before;
drop table upkeep_runs_before;
