-- What has to be done, once for each slot of time (its beginning, Unix ms). States: `due`,
-- `claimed` (somebody works on it until the lease ends), `done`.
create table jobs (
    name text not null,
    slot integer not null,
    state text not null,
    attempts integer not null,
    due_at integer not null,
    leased_until integer not null,
    problem text,
    primary key (name, slot)
) strict;

-- The sealer asks for them whenever it gives out places.
create index outbox_announced on outbox (number) where kind = 'key.announced';

create index uploads_created on uploads (created_at);
