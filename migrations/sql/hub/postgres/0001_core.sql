create table schema_facts (
    name text not null primary key,
    value text not null
);

insert into schema_facts (name, value) values ('program', 'lapor-hub');

-- Singletons: the generation of the delivery streams, and the process that may order messages.
create table hub_state (
    name text not null primary key,
    value text not null
);

create table directory_versions (
    version bigint not null primary key,
    line text not null
);

-- A used invitation keeps its answer, so that a lost response strands nobody.
create table invitations (
    id text not null primary key,
    slug text not null,
    secret_hash bytea not null unique,
    created_at bigint not null,
    expires_at bigint not null,
    used_digest bytea,
    answer text,
    answered_at bigint
);
create index invitations_slug on invitations (slug);

create table certificates (
    serial text not null primary key,
    slug text not null,
    fingerprint bytea not null,
    not_after bigint not null,
    issued_at bigint not null
);
create index certificates_slug on certificates (slug, not_after);

-- Challenges that brought a certificate, until they expire: each is good once.
create table recoveries (
    nonce bytea not null primary key,
    slug text not null,
    used_at bigint not null
);

-- Where each author's chain stands. A frozen chain goes on only in a new epoch.
create table chains (
    author text not null primary key,
    epoch bigint not null,
    seq bigint not null,
    head bytea not null,
    boot text,
    frozen bigint not null
);

create table grants (
    author text not null,
    epoch bigint not null,
    nonce text not null,
    line text not null,
    granted_at bigint not null,
    primary key (author, epoch),
    unique (author, nonce)
);

-- Every accepted envelope exactly as sent; `number` is the hub's order.
create table envelopes (
    number bigint not null primary key,
    id bytea not null unique,
    author text not null,
    epoch bigint not null,
    seq bigint not null,
    message_id text not null,
    case_id text,
    kind text not null,
    line text not null,
    trace text,
    accepted_at bigint not null,
    unique (author, epoch, seq)
);
create index envelopes_message on envelopes (author, message_id, number);

-- Envelopes that claimed a position already taken: evidence, never part of a chain.
create table forks (
    id bytea not null primary key,
    author text not null,
    epoch bigint not null,
    seq bigint not null,
    line text not null,
    seen_at bigint not null
);

create table receipts (
    author text not null,
    epoch bigint not null,
    from_seq bigint not null,
    to_seq bigint not null,
    line text not null,
    primary key (author, epoch, to_seq)
);

-- What the hub decided about each envelope; a link is ruled in two cases, in two legs.
create table rulings (
    number bigint not null,
    leg bigint not null,
    case_id text,
    case_seq bigint,
    effect text not null,
    reason text,
    first bytea,
    directory bigint not null,
    ordered_at bigint not null,
    primary key (number, leg)
);
create unique index rulings_case on rulings (case_id, case_seq);

-- Items exactly as hashed and sent; recipient '' is the public stream.
create table deliveries (
    recipient text not null,
    depoch bigint not null,
    dseq bigint not null,
    item text not null,
    number bigint not null,
    case_id text,
    whole bigint not null,
    primary key (recipient, depoch, dseq)
);

create table streams (
    recipient text not null primary key,
    depoch bigint not null,
    dseq bigint not null,
    hash bytea not null
);

create table acks (
    recipient text not null,
    stream text not null,
    depoch bigint not null,
    accepted bigint not null,
    settled bigint not null,
    line text not null,
    received_at bigint not null,
    primary key (recipient, stream)
);

-- Content keys wrapped to parties. Each author's wrap stands for itself, so that none can be spoilt by another.
create table wraps (
    subject text not null,
    recipient text not null,
    kid text not null,
    author text not null,
    case_id text not null,
    number bigint,
    wrap text not null,
    primary key (subject, recipient, kid, author)
);
create index wraps_case on wraps (case_id, recipient);

-- Attachments that accepted messages announced; the bytes are files.
create table blobs (
    sha256 bytea not null,
    number bigint not null,
    case_id text not null,
    author text not null,
    size bigint not null,
    primary key (sha256, number)
);
create index blobs_case on blobs (case_id);

-- Room that an author's upload takes, from its first piece until it is erased.
create table blob_room (
    sha256 bytea not null,
    author text not null,
    size bigint not null,
    primary key (sha256, author)
);
create index blob_room_author on blob_room (author, size);

create table programmes (
    author text not null,
    slug text not null,
    primary key (author, slug)
);

create table health (
    slug text not null primary key,
    at bigint not null,
    report text not null
);
