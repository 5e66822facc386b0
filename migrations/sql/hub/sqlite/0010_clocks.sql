-- What was so at any moment, and not only what is so now: terms say what began them and when the case
-- was first answered, and clocks are kept. All of it is made from the record, and is made anew here.
delete from case_facts;
delete from hub_state where name in ('casework', 'casework_recount', 'casework_calendar');
create index case_facts_answered on case_facts (answered_at, filed_at) where answered_at is not null;

drop table case_terms;
create table case_terms (
    case_id text not null,
    term integer not null,
    hop integer not null,
    institution text not null,
    disposed integer not null,
    since integer not null,
    acted_at integer,
    answered_at integer,
    until_at integer,
    ended_by text,
    reason text,
    case_answered_at integer,
    primary key (case_id, term)
) strict;
create index case_terms_since on case_terms (since, institution, hop, term);
create index case_terms_open on case_terms (institution, since, hop, disposed, acted_at, case_answered_at, case_id)
    where until_at is null;
create index case_terms_until
    on case_terms (until_at, institution, hop, disposed, ended_by, since, acted_at, case_answered_at)
    where until_at is not null;
create index case_terms_answered on case_terms (answered_at, institution, hop, since)
    where answered_at is not null;

-- A clock that was met in time is not kept. `ran_out_at` is no time while the case is held.
create table case_clocks (
    case_id text not null,
    number integer not null,
    hop integer not null,
    institution text not null,
    step text not null,
    ran_out_at integer,
    met_at integer,
    primary key (case_id, number)
) strict;
create index case_clocks_running on case_clocks (ran_out_at, case_id, institution, step, hop) where met_at is null;
create index case_clocks_met on case_clocks (met_at, ran_out_at, institution, step, hop, case_id)
    where met_at is not null;
create index case_clocks_ran_out on case_clocks (ran_out_at, step);
