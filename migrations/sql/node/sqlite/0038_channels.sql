-- Messages that have come in, by a keyed hash of the provider's id, for ever: what comes again is
-- taken no second time.
create table channel_seen (
    channel text not null,
    hash blob not null,
    at integer not null,
    primary key (channel, hash)
) strict;

-- What came in, before anything is made of it, sealed. States: `waiting`, `unread` (its shape is
-- not understood), `done` (its words are gone from here), `aside` (no report), `stuck`.
create table channel_taken (
    number integer not null primary key,
    channel text not null,
    thread text,
    raw blob,
    came_at integer not null,
    state text not null,
    outcome text,
    case_id text,
    attempts integer not null,
    due_at integer not null,
    leased_until integer not null,
    problem text
) strict;
create index channel_taken_due on channel_taken (due_at, number) where state = 'waiting';
create index channel_taken_thread on channel_taken (thread, number);
create index channel_taken_state on channel_taken (state, came_at);

-- A conversation with one person. `key` is a keyed hash by which it is found, `sealed` holds the
-- address, `talk` what was asked and what is half said; `turn` counts its changes.
create table channel_threads (
    id text not null primary key,
    channel text not null,
    key blob not null,
    sealed blob,
    talk blob,
    turn integer not null,
    heard_at integer not null,
    wake_at integer,
    stopped_at integer
) strict;
create unique index channel_threads_key on channel_threads (channel, key);
create index channel_threads_wake on channel_threads (wake_at) where wake_at is not null;

-- Reports of a conversation by a keyed hash of their text, so that one that is sent twice is one.
create table channel_said (
    thread text not null,
    hash blob not null,
    case_id text not null,
    at integer not null,
    primary key (thread, hash)
) strict;
create index channel_said_case on channel_said (case_id);

-- In which conversation a report was filed.
create table channel_cases (
    case_id text not null primary key,
    thread text not null,
    channel text not null,
    at integer not null
) strict;
create index channel_cases_thread on channel_cases (thread, at);

-- What this node has said, by a keyed hash of the provider's id, so that an answer to it finds its case.
create table channel_refs (
    channel text not null,
    ref blob not null,
    thread text not null,
    case_id text,
    at integer not null,
    primary key (channel, ref)
) strict;
create index channel_refs_case on channel_refs (case_id);

-- What is to be said, sealed. States: `waiting`, `sent`, `refused`, `closed` (until the person
-- writes again), `dropped`. `once` is what no conversation hears twice.
create table channel_outbox (
    number integer not null primary key,
    channel text not null,
    thread text not null,
    case_id text,
    kind text not null,
    once text not null,
    words blob,
    created_at integer not null,
    attempts integer not null,
    due_at integer not null,
    leased_until integer not null,
    state text not null,
    problem text
) strict;
create unique index channel_outbox_once on channel_outbox (thread, once);
create index channel_outbox_due on channel_outbox (channel, due_at, number) where state = 'waiting';
create index channel_outbox_case on channel_outbox (case_id);

-- Cases that have changed and whose reporter may have to be told by a channel.
create table channel_due (
    case_id text not null primary key,
    asked integer not null
) strict;

-- How the line to a provider is.
create table channel_lines (
    channel text not null primary key,
    paused_until integer not null,
    failures integer not null,
    since integer,
    problem text
) strict;
