-- How closed cases ended, for the first page of the portal, which counts them at every visit.
create index cases_closes on cases (outcome) where state = 'closed';
-- Every custody of a case that the hub has ruled: whose it was, since when, the first public
-- follow-up in it, and whether it ended because the case was not that institution's.
create table case_terms (
    case_id text not null,
    term text not null,
    institution text not null,
    since integer not null,
    answered_at integer,
    returned integer not null,
    primary key (case_id, term)
) strict;
-- With whom a clock of a case has run out, and when for the first time.
create table case_overdue (
    case_id text not null,
    institution text not null,
    due_at integer not null,
    primary key (case_id, institution)
) strict;
-- Who had the cases of before is not known here; they stay with whoever has them.
insert into case_terms (case_id, term, institution, since, answered_at, returned)
    select case_id, '', custodian, filed_at, answered_at, hops from case_facts;
insert into case_overdue (case_id, institution, due_at)
    select case_id, custodian, overdue_at from case_facts where overdue_at is not null;
