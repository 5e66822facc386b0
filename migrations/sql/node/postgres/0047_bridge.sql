-- Cases that stand here and in SP4N-LAPOR!. `their_id` is its number for programs, `tracking` the one that citizens know.
create table bridge_cases (
    case_id text not null primary key,
    their_id text not null,
    tracking text,
    status text,
    followed bigint not null,
    asked_at bigint not null
);
create unique index bridge_cases_their on bridge_cases (their_id);
create unique index bridge_cases_tracking on bridge_cases (tracking) where tracking is not null;
create index bridge_cases_due on bridge_cases (asked_at, case_id) where followed = 1;

-- Follow-ups that stand on both sides, each once by the hash of its text. States: `brought`, `sending`, `sent`.
create table bridge_follow_ups (
    case_id text not null,
    hash bytea not null,
    their_id text,
    message text not null,
    state text not null,
    at bigint not null,
    primary key (case_id, hash)
);

create table bridge_institutions (
    their_id text not null primary key,
    name text not null,
    instance text
);

-- What was done, and how it ended.
create table bridge_runs (
    id text not null primary key,
    kind text not null,
    actor text not null,
    began_at bigint not null,
    ended_at bigint not null,
    counts text not null,
    problem text
);
create index bridge_runs_at on bridge_runs (ended_at);
