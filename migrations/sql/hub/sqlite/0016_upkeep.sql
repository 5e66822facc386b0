-- Backups that were made and tried at the console or at the machine. `result` is JSON; a run without
-- `ended_at` is under way.
create table upkeep_runs (
    id text not null primary key,
    work text not null check (work in ('backup', 'trial')),
    name text not null,
    backup_at integer,
    asked_by text not null,
    began_at integer not null,
    ended_at integer,
    outcome text check (outcome in ('done', 'failed')),
    result text
) strict;
create index upkeep_runs_began on upkeep_runs (began_at);
