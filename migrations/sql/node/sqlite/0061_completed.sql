-- Whether the reporter has completed the report since its last public follow-up: then silence does not close it. By the
-- kind of the last message that moved the case until it is read off its messages, in the background.
alter table cases add column completed integer not null default 0;
update cases set described = 0, completed = case when turn = 'report.completed' then 1 else 0 end
    where state in ('in_progress', 'answered', 'held', 'merged');
