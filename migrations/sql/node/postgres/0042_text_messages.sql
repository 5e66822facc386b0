-- Messages that networks split on the way, by a keyed hash of conversation and reference: under
-- which number of channel_taken their parts come together, and which of them have come (`1,3`).
create table channel_parts (
    channel text not null,
    hash bytea not null,
    number bigint not null,
    had text not null,
    at bigint not null,
    primary key (channel, hash)
);
create index channel_parts_at on channel_parts (at);

-- What a provider told of something before this node had noted that it was said, by a keyed hash of
-- the provider's id.
create table channel_receipts (
    channel text not null,
    hash bytea not null,
    state text not null,
    problem text,
    at bigint not null,
    primary key (channel, hash)
);
create index channel_receipts_at on channel_receipts (at);

-- A further state of what came in is `parts`: some of it is still to come. `follows` is the number
-- of the message of which this is a part that came late.
alter table channel_taken add column follows bigint;
create index channel_taken_parts on channel_taken (due_at) where state = 'parts';

-- 1 where the telephone shows more letters than the alphabet of text messages has.
alter table channel_threads add column wide bigint not null default 0;

-- The keyed hash of the provider's id of what was said. A further state is `delivered`.
alter table channel_outbox add column said_as bytea;
create index channel_outbox_said_as on channel_outbox (channel, said_as) where said_as is not null;
