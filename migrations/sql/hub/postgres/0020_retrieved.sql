-- What members have brought back since a loss was shown, each proved by a signature of the hub, until
-- it has its place in the record again. The public stream is of the empty name.
create table retrieved_items (
    recipient text not null,
    depoch bigint not null,
    dseq bigint not null,
    hash bytea not null,
    item text not null,
    primary key (recipient, depoch, dseq)
);

-- Messages, from their authors (`own` is 1, with wraps) or from those who were sent them.
create table retrieved_envelopes (
    id bytea not null primary key,
    author text not null,
    epoch bigint not null,
    seq bigint not null,
    prev bytea not null,
    line text not null,
    wraps text not null,
    own bigint not null
);
create index retrieved_envelopes_place on retrieved_envelopes (author, epoch, seq);

create table retrieved_receipts (
    author text not null,
    epoch bigint not null,
    from_seq bigint not null,
    to_seq bigint not null,
    line text not null,
    primary key (author, epoch, to_seq)
);

-- How much each member has brought since, whether nothing more is wanted of it, and what of it
-- contradicts the record.
create table retrieved_members (
    member text not null primary key,
    versions bigint not null,
    items bigint not null,
    messages bigint not null,
    whole bigint not null,
    conflict text
);
