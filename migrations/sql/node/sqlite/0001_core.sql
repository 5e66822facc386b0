create table schema_facts (
    name text not null primary key,
    value text not null
) strict;

insert into schema_facts (name, value) values ('program', 'lapor-node');

create table node_facts (
    name text not null primary key,
    value text not null
) strict;

-- Where this node's own chain stands; one row.
create table chain (
    id integer not null primary key check (id = 1),
    epoch integer not null,
    seq integer not null,
    head blob not null,
    accepted integer not null
) strict;

create table directory_versions (
    version integer not null primary key,
    line text not null
) strict;

create table cursors (
    stream text not null primary key,
    depoch integer not null,
    dseq integer not null,
    hash blob not null,
    settled integer not null,
    acked integer not null
) strict;

-- Own messages. A draft becomes an envelope when the sealer gives it a place in the chain.
create table outbox (
    number integer not null primary key,
    message_id text not null unique,
    case_id text,
    other_case text,
    kind text not null,
    draft text not null,
    newcomers text not null,
    state text not null,
    reason text,
    epoch integer,
    seq integer,
    envelope_id blob,
    line text,
    effect text,
    created_at integer not null,
    accepted_at integer,
    ruled_at integer
) strict;
create unique index outbox_position on outbox (epoch, seq);
create unique index outbox_envelope on outbox (envelope_id);
create index outbox_state on outbox (state, number);
create index outbox_case on outbox (case_id, number);
create index outbox_other on outbox (other_case, number);

create table receipts (
    epoch integer not null,
    from_seq integer not null,
    to_seq integer not null,
    line text not null,
    primary key (epoch, from_seq, to_seq)
) strict;

-- Items exactly as delivered; rows with a place in a case are its history.
create table inbox (
    stream text not null,
    depoch integer not null,
    dseq integer not null,
    item text not null,
    envelope_id blob not null,
    line text,
    wraps text,
    case_id text,
    case_seq integer,
    kind text not null,
    state text not null,
    fault text,
    reason text,
    attempts integer not null,
    received_at integer not null,
    primary key (stream, depoch, dseq)
) strict;
create index inbox_state on inbox (state, stream, depoch, dseq);
create index inbox_case on inbox (case_id, case_seq);
create index inbox_envelope on inbox (envelope_id);

-- `fold` is the fold of what is ruled; the other columns show it with own pending acts on top.
create table cases (
    case_id text not null primary key,
    fold text,
    next_seq integer not null,
    blocked text,
    ticket text,
    origin text,
    custodian text,
    state text,
    classification text,
    category text,
    region text,
    on_behalf_of text,
    secret integer not null,
    erased integer not null,
    pending integer not null,
    filed_at integer not null,
    updated_at integer not null
) strict;
create index cases_updated on cases (updated_at, case_id);
create index cases_state on cases (state, updated_at, case_id);
create index cases_custodian on cases (custodian, updated_at, case_id);
create index cases_origin on cases (origin);
create index cases_behalf on cases (on_behalf_of);
create unique index cases_ticket on cases (ticket);

create table content_keys (
    subject text not null primary key,
    case_id text not null,
    content_key blob not null
) strict;
create index content_keys_case on content_keys (case_id);

-- Who filed a report; never part of a case, never sent but sealed to one desk.
create table identities (
    case_id text not null primary key,
    identity text not null
) strict;

-- Attachments of messages, by the digest of their ciphertext.
create table blobs (
    sha256 blob not null,
    case_id text not null,
    message_id text not null,
    size integer not null,
    media_type text not null,
    state text not null,
    progress integer not null,
    primary key (sha256, message_id)
) strict;
create index blobs_state on blobs (state);
create index blobs_case on blobs (case_id);

create table uploads (
    id text not null primary key,
    media_type text not null,
    size integer not null,
    created_at integer not null
) strict;

create table tokens (
    id text not null primary key,
    name text not null unique,
    role text not null,
    hash blob not null unique,
    created_at integer not null,
    revoked_at integer
) strict;

create table audit (
    number integer not null primary key,
    at integer not null,
    actor text not null,
    action text not null,
    case_id text,
    detail text not null
) strict;
create index audit_case on audit (case_id, number);

-- Messages of the public stream, and own ones that have not come back on it.
create table publications (
    number integer not null,
    author text not null,
    message_id text not null,
    kind text not null,
    name text not null,
    body text not null,
    state text not null,
    reason text,
    at integer not null,
    depoch integer,
    dseq integer,
    primary key (author, message_id)
) strict;
create unique index publications_number on publications (number);
create index publications_name on publications (kind, name, author);

-- The latest of each programme, own pending messages on top.
create table programmes (
    owner text not null,
    slug text not null,
    region text,
    published text not null,
    progress text,
    pending integer not null,
    updated_at integer not null,
    primary key (owner, slug)
) strict;
