-- Whether the reporter has completed the report since its last public follow-up: then silence does not close it. By the
-- kind of the last message that moved the case until it is read off its messages, in the background.
alter table cases add column completed bigint not null default 0;
update cases set described = 0, completed = case when turn = 'report.completed' then 1 else 0 end
    where state in ('in_progress', 'answered', 'held', 'merged');
-- A hold that began on the last day of a term stops its clock: what is due of the other cases that were held is counted
-- anew, too.
update cases set described = 0 where state in ('received', 'verified', 'disposed') and fold like '%"holds":%';
