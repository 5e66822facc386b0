-- Whether the reporter of an open case has spoken since its last public follow-up. By the kind of the last
-- message that moved it until it is read off the case itself, in the background.
alter table cases add column replied bigint not null default 0;
update cases set described = 0, replied = case when turn = 'case.replied' then 1 else 0 end
    where state not in ('closed', 'archived', 'merged');
