create table schema_facts (
    name text not null primary key,
    value text not null
) strict;

insert into schema_facts (name, value) values ('program', 'lapor-hub');

-- Singletons: the generation of the delivery streams, and the process that may order messages.
create table hub_state (
    name text not null primary key,
    value text not null
) strict;

create table directory_versions (
    version integer not null primary key,
    line text not null
) strict;

-- A used invitation keeps its answer, so that a lost response strands nobody.
create table invitations (
    id text not null primary key,
    slug text not null,
    secret_hash blob not null unique,
    created_at integer not null,
    expires_at integer not null,
    used_digest blob,
    answer text,
    answered_at integer
) strict;
create index invitations_slug on invitations (slug);

create table certificates (
    serial text not null primary key,
    slug text not null,
    fingerprint blob not null,
    not_after integer not null,
    issued_at integer not null
) strict;
create index certificates_slug on certificates (slug, not_after);

-- Challenges that brought a certificate, until they expire: each is good once.
create table recoveries (
    nonce blob not null primary key,
    slug text not null,
    used_at integer not null
) strict;

-- Where each author's chain stands. A frozen chain goes on only in a new epoch.
create table chains (
    author text not null primary key,
    epoch integer not null,
    seq integer not null,
    head blob not null,
    boot text,
    frozen integer not null
) strict;

create table grants (
    author text not null,
    epoch integer not null,
    nonce text not null,
    line text not null,
    granted_at integer not null,
    primary key (author, epoch),
    unique (author, nonce)
) strict;

-- Every accepted envelope exactly as sent; `number` is the hub's order.
create table envelopes (
    number integer not null primary key,
    id blob not null unique,
    author text not null,
    epoch integer not null,
    seq integer not null,
    message_id text not null,
    case_id text,
    kind text not null,
    line text not null,
    trace text,
    accepted_at integer not null,
    unique (author, epoch, seq)
) strict;
create index envelopes_message on envelopes (author, message_id, number);

-- Envelopes that claimed a position already taken: evidence, never part of a chain.
create table forks (
    id blob not null primary key,
    author text not null,
    epoch integer not null,
    seq integer not null,
    line text not null,
    seen_at integer not null
) strict;

create table receipts (
    author text not null,
    epoch integer not null,
    from_seq integer not null,
    to_seq integer not null,
    line text not null,
    primary key (author, epoch, to_seq)
) strict;

-- What the hub decided about each envelope; a link is ruled in two cases, in two legs.
create table rulings (
    number integer not null,
    leg integer not null,
    case_id text,
    case_seq integer,
    effect text not null,
    reason text,
    first blob,
    directory integer not null,
    ordered_at integer not null,
    primary key (number, leg)
) strict, without rowid;
create unique index rulings_case on rulings (case_id, case_seq);

-- Items exactly as hashed and sent; recipient '' is the public stream.
create table deliveries (
    recipient text not null,
    depoch integer not null,
    dseq integer not null,
    item text not null,
    number integer not null,
    case_id text,
    whole integer not null,
    primary key (recipient, depoch, dseq)
) strict, without rowid;

create table streams (
    recipient text not null primary key,
    depoch integer not null,
    dseq integer not null,
    hash blob not null
) strict;

create table acks (
    recipient text not null,
    stream text not null,
    depoch integer not null,
    accepted integer not null,
    settled integer not null,
    line text not null,
    received_at integer not null,
    primary key (recipient, stream)
) strict;

-- Content keys wrapped to parties. Each author's wrap stands for itself, so that none can be spoilt by another.
create table wraps (
    subject text not null,
    recipient text not null,
    kid text not null,
    author text not null,
    case_id text not null,
    number integer,
    wrap text not null,
    primary key (subject, recipient, kid, author)
) strict;
create index wraps_case on wraps (case_id, recipient);

-- Attachments that accepted messages announced; the bytes are files.
create table blobs (
    sha256 blob not null,
    number integer not null,
    case_id text not null,
    author text not null,
    size integer not null,
    primary key (sha256, number)
) strict;
create index blobs_case on blobs (case_id);

-- Room that an author's upload takes, from its first piece until it is erased.
create table blob_room (
    sha256 blob not null,
    author text not null,
    size integer not null,
    primary key (sha256, author)
) strict;
create index blob_room_author on blob_room (author, size);

create table programmes (
    author text not null,
    slug text not null,
    primary key (author, slug)
) strict;

create table health (
    slug text not null primary key,
    at integer not null,
    report text not null
) strict;
