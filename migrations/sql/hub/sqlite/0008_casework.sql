-- What the figures across the federation are made of: a row for each case and one for each time an
-- institution had it. Made from the record a moment after it was written; it can be made anew.
create table case_facts (
    case_id text not null primary key,
    origin text not null,
    custodian text not null,
    state text not null,
    classification text not null,
    category text,
    region text,
    filed_at integer not null,
    answered_at integer,
    ended_at integer,
    hops integer not null,
    score integer
) strict;
create index case_facts_filed on case_facts (filed_at);
create index case_facts_open on case_facts (case_id) where ended_at is null;

create table case_terms (
    case_id text not null,
    term integer not null,
    hop integer not null,
    institution text not null,
    since integer not null,
    acted_at integer,
    answered_at integer,
    until_at integer,
    ended_by text,
    reason text,
    due_at integer,
    late_at integer,
    primary key (case_id, term)
) strict;
create index case_terms_since on case_terms (since);
create index case_terms_open on case_terms (institution, due_at) where until_at is null;

-- The few messages that bring a calendar.
create index envelopes_calendars on envelopes (number) where kind = 'calendar.updated';
