-- Backups that were made and tried at the console or at the machine. `result` is JSON; a run without
-- `ended_at` is under way.
create table upkeep_runs (
    id text not null primary key,
    work text not null check (work in ('backup', 'trial')),
    name text not null,
    backup_at bigint,
    asked_by text not null,
    began_at bigint not null,
    ended_at bigint,
    outcome text check (outcome in ('done', 'failed')),
    result text
);
create index upkeep_runs_began on upkeep_runs (began_at);
