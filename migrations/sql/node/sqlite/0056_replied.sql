-- Whether the reporter of an open case has spoken since its last public follow-up. By the kind of the last
-- message that moved it until it is read off the case itself, in the background.
alter table cases add column replied integer not null default 0;
update cases set replied = 1
    where turn = 'case.replied' and state not in ('closed', 'archived', 'merged');
update cases set described = 0 where state not in ('closed', 'archived', 'merged');
