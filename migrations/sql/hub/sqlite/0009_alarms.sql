-- By which finding an alarm is raised, where, after how long, and who is told how often. `condition` is a
-- concern of the watch or one of the hub's own, `scope` is all, kind, province or instance. Recipients
-- stand beside it unless `everybody` is 1. Times in milliseconds; `repeat_ms` 0 tells once.
create table alarm_rules (
    id text not null primary key,
    condition text not null,
    least text not null,
    scope text not null,
    scoped_to text not null,
    severity text not null,
    stands_ms integer not null,
    repeat_ms integer not null,
    everybody integer not null,
    enabled integer not null,
    created_at integer not null,
    changed_at integer not null
) strict;

create table alarm_rule_recipients (
    rule text not null,
    recipient text not null,
    primary key (rule, recipient)
) strict;

-- Who is told: an address of e-mail or a webhook, whose secret is sealed with the key of second factors.
create table alarm_recipients (
    id text not null primary key,
    channel text not null,
    name text not null,
    address text not null,
    secret blob,
    enabled integer not null,
    created_at integer not null
) strict;

-- What is wrong and since when. `subject` is a slug, or empty for the hub itself. States: `pending` (stands,
-- not yet for long enough), `open`, `acknowledged`, `cleared`; at most one of a rule and subject is not cleared.
create table alarms (
    id text not null primary key,
    rule text not null,
    subject text not null,
    condition text not null,
    severity text not null,
    level text not null,
    measured integer,
    state text not null,
    began_at integer not null,
    opened_at integer,
    told_at integer,
    acknowledged_at integer,
    acknowledged_by text,
    note text,
    cleared_at integer
) strict;
create unique index alarms_live on alarms (rule, subject) where state <> 'cleared';
create index alarms_cleared on alarms (cleared_at);
create index alarms_subject on alarms (subject, opened_at);

-- Nobody is told of a rule, an institution or a province until a moment; `ended_at` is when somebody ended it.
create table alarm_silences (
    id text not null primary key,
    scope text not null,
    scoped_to text not null,
    reason text not null,
    made_by text not null,
    made_at integer not null,
    until_at integer not null,
    ended_at integer
) strict;
create index alarm_silences_until on alarm_silences (until_at);

-- What each recipient has still to be told; taken together into one delivery. What: `opened`, `again`, `cleared`.
create table alarm_notices (
    recipient text not null,
    alarm text not null,
    what text not null,
    at integer not null,
    primary key (recipient, alarm, what)
) strict;

-- Letters and webhooks on their way and what became of them. The id is that of the webhook and stays the
-- same over all tries. States: `waiting`, `sent`, `dead`.
create table alarm_deliveries (
    id text not null primary key,
    recipient text not null,
    kind text not null,
    subject text not null,
    body text not null,
    alarms integer not null,
    created_at integer not null,
    due_at integer not null,
    leased_until integer not null,
    attempts integer not null,
    state text not null,
    problem text,
    done_at integer
) strict;
create index alarm_deliveries_due on alarm_deliveries (due_at) where state = 'waiting';
create index alarm_deliveries_recipient on alarm_deliveries (recipient, created_at);
create index alarm_deliveries_created on alarm_deliveries (created_at);
