-- A trial that could not be run to its end says nothing of the backup.
alter table upkeep_runs drop constraint upkeep_runs_outcome_check;
alter table upkeep_runs add constraint upkeep_runs_outcome_check
    check (outcome in ('done', 'failed', 'aborted'));
