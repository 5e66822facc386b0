-- When something was sent: where it may still come back, its words are kept for a while.
alter table channel_outbox add column sent_at bigint;
-- 1 where the provider told afterwards that nothing may be said before the person writes again.
alter table channel_outbox add column shut bigint not null default 0;

-- 1 where the report was filed here: what becomes of it is decided here, and not in SP4N-LAPOR!.
alter table bridge_cases add column ours bigint not null default 0;

-- Reports filed here on their way to SP4N-LAPOR!. States: `sending` (it may have arrived), `refused`, `sent` (its number
-- there is not known; it is recognised by its mark). With a number they stand in bridge_cases.
create table bridge_filed (
    case_id text not null primary key,
    state text not null,
    at bigint not null
);

-- Complaints that the list there names and that are not here: when it named them last, and when they were asked for.
create table bridge_listed (
    their_id text not null primary key,
    seen_at bigint not null,
    asked_at bigint not null
);
create index bridge_listed_due on bridge_listed (asked_at, seen_at);

-- At which page the list there is read on.
create table bridge_cursor (
    list text not null primary key,
    next_page bigint not null
);
