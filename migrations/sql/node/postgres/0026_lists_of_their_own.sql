-- Since when a held case waits for its reporter; far in the future of one that does not.
alter table cases add column waits_since bigint not null default 9007199254740991;
-- 1: a supervisor such as the Ombudsman has joined.
alter table cases add column escalated bigint not null default 0;
-- 1: this institution has a copy (*tembusan*) and does not handle it.
alter table cases add column copied bigint not null default 0;
-- Each row is described anew from its history, in the background.
update cases set described = 0;
create index cases_waiting on cases (tray, waits_since, case_id, secret, unit);
create index cases_escalated on cases (runs_out_at, case_id, tray, secret, unit) where escalated = 1;
create index cases_copied on cases (runs_out_at, case_id, tray, secret, unit) where copied = 1;

-- Who sent a file that waits: `public` or `staff`. What waits now expires within a day.
alter table uploads add column door text not null default 'public';

-- Who followed a case that was merged, and was led to the other one: they are told when it goes on
-- by itself again.
create table led_on (
    case_id text not null,
    contact text not null,
    into_case text not null,
    primary key (case_id, contact)
);
