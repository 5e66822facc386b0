-- The assignment of each case that lies on somebody's desk: who gave it and when, at the end of which
-- day something is asked for, when those whom it is for were told and first opened it, and when they
-- were warned of that day. This institution's own.
create table assignments (
    case_id text not null primary key,
    at bigint not null,
    actor text not null,
    due_at bigint,
    told_at bigint,
    taken_at bigint,
    warned_at bigint
);
create index assignments_untold on assignments (at, case_id) where told_at is null;
create index assignments_due on assignments (due_at, case_id) where due_at is not null and warned_at is null;

-- When a case is to be worked on: its clock, or the day that is asked for if that comes first.
alter table cases add column work_at bigint not null default 9007199254740991;
update cases set work_at = runs_out_at;
drop index cases_runs_out;
create index cases_work on cases (work_at, case_id, secret, unit, officer, runs_out_at, province, regency,
    category_root, category, classification)
    where case tray when 'new' then 1 when 'came_back' then 1 when 'working' then 1 else 0 end = 1;

-- What a clock runs for, by when it runs out, wherever it lies.
create index cases_due on cases (runs_out_at, case_id, tray, secret, unit)
    where runs_out_at < 9007199254740991;

-- Who is away, until the end of which day, and who does their work meanwhile; all of them accounts.
create table absences (
    account text not null primary key,
    stand_in text not null,
    until_day text not null,
    noted_at bigint not null
);

-- An officer was a name, and is an account: the one of that name who is active, else the one in the
-- unit of the case, else the one who has left. A name that none or several bear stays what it is.
update cases set officer = (select a.id from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer') and a.state = 'active')
    where (select count(*) from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer') and a.state = 'active') = 1;
update cases set officer = (select a.id from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer') and a.unit = cases.unit)
    where (select count(*) from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer') and a.unit = cases.unit) = 1;
update cases set officer = (select a.id from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer'))
    where (select count(*) from accounts a where a.name = cases.officer
        and a.role in ('admin', 'officer')) = 1;
update instructions set officer = (select a.id from accounts a where a.name = instructions.officer
        and a.role in ('admin', 'officer'))
    where (select count(*) from accounts a where a.name = instructions.officer
        and a.role in ('admin', 'officer')) = 1;
