-- What runs out when, one row for each case that is known here. The clock is the custodian's next;
-- nothing is due while it stands still. `silence_at` is when the origin may close, and `heard_at`
-- when this node learned of the follow-up that nobody has answered. At `look_at` somebody has to be told.
create table deadlines (
    case_id text not null primary key,
    custodian text,
    clock text,
    started_at integer,
    due_at integer,
    paused_since integer,
    silence_at integer,
    heard text,
    heard_at integer,
    look_at integer
) strict;
create index deadlines_due on deadlines (custodian, due_at, case_id) where due_at is not null;
create index deadlines_next on deadlines (due_at, case_id) where due_at is not null;
create index deadlines_look on deadlines (look_at, case_id) where look_at is not null;
create index deadlines_silence on deadlines (silence_at, case_id) where silence_at is not null;
-- What somebody has to be told of a clock, once: `warning`, `overdue`, `escalated`, and to whom:
-- `handler`, `leader`, `disposer`, `reporter`. `told_at` is set by what sends it.
create table notices (
    case_id text not null,
    clock text not null,
    started_at integer not null,
    notice text not null,
    recipient text not null,
    due_at integer not null,
    made_at integer not null,
    told_at integer,
    primary key (case_id, clock, started_at, notice, recipient)
) strict;
create index notices_untold on notices (made_at, case_id) where told_at is null;
-- What the figures of an institution are made of, one row for each case. Outcomes: `confirmed` and
-- `silence` (both closed), `archived`, `merged`; none while it is open.
create table case_facts (
    case_id text not null primary key,
    origin text not null,
    custodian text not null,
    filed_at integer not null,
    answered_at integer,
    ended_at integer,
    outcome text,
    hops integer not null,
    score integer,
    overdue_at integer,
    noted_at integer not null
) strict;
create index case_facts_filed on case_facts (filed_at);
-- When the custodian's next clock runs out, for lists; the greatest number where none runs.
alter table cases add column runs_out_at integer not null default 9007199254740991;
drop index cases_running;
create index cases_runs_out on cases (runs_out_at, case_id, secret, unit)
    where tray in ('new', 'came_back', 'working');
