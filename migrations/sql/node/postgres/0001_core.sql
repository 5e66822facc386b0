create table schema_facts (
    name text not null primary key,
    value text not null
);

insert into schema_facts (name, value) values ('program', 'lapor-node');

create table node_facts (
    name text not null primary key,
    value text not null
);

-- Where this node's own chain stands; one row.
create table chain (
    id bigint not null primary key check (id = 1),
    epoch bigint not null,
    seq bigint not null,
    head bytea not null,
    accepted bigint not null
);

create table directory_versions (
    version bigint not null primary key,
    line text not null
);

create table cursors (
    stream text not null primary key,
    depoch bigint not null,
    dseq bigint not null,
    hash bytea not null,
    settled bigint not null,
    acked bigint not null
);

-- Own messages. A draft becomes an envelope when the sealer gives it a place in the chain.
create table outbox (
    number bigint not null primary key,
    message_id text not null unique,
    case_id text,
    other_case text,
    kind text not null,
    draft text not null,
    newcomers text not null,
    state text not null,
    reason text,
    epoch bigint,
    seq bigint,
    envelope_id bytea,
    line text,
    effect text,
    created_at bigint not null,
    accepted_at bigint,
    ruled_at bigint
);
create unique index outbox_position on outbox (epoch, seq);
create unique index outbox_envelope on outbox (envelope_id);
create index outbox_state on outbox (state, number);
create index outbox_case on outbox (case_id, number);
create index outbox_other on outbox (other_case, number);

create table receipts (
    epoch bigint not null,
    from_seq bigint not null,
    to_seq bigint not null,
    line text not null,
    primary key (epoch, from_seq, to_seq)
);

-- Items exactly as delivered; rows with a place in a case are its history.
create table inbox (
    stream text not null,
    depoch bigint not null,
    dseq bigint not null,
    item text not null,
    envelope_id bytea not null,
    line text,
    wraps text,
    case_id text,
    case_seq bigint,
    kind text not null,
    state text not null,
    fault text,
    reason text,
    attempts bigint not null,
    received_at bigint not null,
    primary key (stream, depoch, dseq)
);
create index inbox_state on inbox (state, stream, depoch, dseq);
create index inbox_case on inbox (case_id, case_seq);
create index inbox_envelope on inbox (envelope_id);

-- `fold` is the fold of what is ruled; the other columns show it with own pending acts on top.
create table cases (
    case_id text not null primary key,
    fold text,
    next_seq bigint not null,
    blocked text,
    ticket text,
    origin text,
    custodian text,
    state text,
    classification text,
    category text,
    region text,
    on_behalf_of text,
    secret bigint not null,
    erased bigint not null,
    pending bigint not null,
    filed_at bigint not null,
    updated_at bigint not null
);
create index cases_updated on cases (updated_at, case_id);
create index cases_state on cases (state, updated_at, case_id);
create index cases_custodian on cases (custodian, updated_at, case_id);
create index cases_origin on cases (origin);
create index cases_behalf on cases (on_behalf_of);
create unique index cases_ticket on cases (ticket);

create table content_keys (
    subject text not null primary key,
    case_id text not null,
    content_key bytea not null
);
create index content_keys_case on content_keys (case_id);

-- Who filed a report; never part of a case, never sent but sealed to one desk.
create table identities (
    case_id text not null primary key,
    identity text not null
);

-- Attachments of messages, by the digest of their ciphertext.
create table blobs (
    sha256 bytea not null,
    case_id text not null,
    message_id text not null,
    size bigint not null,
    media_type text not null,
    state text not null,
    progress bigint not null,
    primary key (sha256, message_id)
);
create index blobs_state on blobs (state);
create index blobs_case on blobs (case_id);

create table uploads (
    id text not null primary key,
    media_type text not null,
    size bigint not null,
    created_at bigint not null
);

create table tokens (
    id text not null primary key,
    name text not null unique,
    role text not null,
    hash bytea not null unique,
    created_at bigint not null,
    revoked_at bigint
);

create table audit (
    number bigint not null primary key,
    at bigint not null,
    actor text not null,
    action text not null,
    case_id text,
    detail text not null
);
create index audit_case on audit (case_id, number);

-- Messages of the public stream, and own ones that have not come back on it.
create table publications (
    number bigint not null,
    author text not null,
    message_id text not null,
    kind text not null,
    name text not null,
    body text not null,
    state text not null,
    reason text,
    at bigint not null,
    depoch bigint,
    dseq bigint,
    primary key (author, message_id)
);
create unique index publications_number on publications (number);
create index publications_name on publications (kind, name, author);

-- The latest of each programme, own pending messages on top.
create table programmes (
    owner text not null,
    slug text not null,
    region text,
    published text not null,
    progress text,
    pending bigint not null,
    updated_at bigint not null,
    primary key (owner, slug)
);
