-- What members have brought back since a loss was shown, each proved by a signature of the hub, until
-- it has its place in the record again. The public stream is of the empty name.
create table retrieved_items (
    recipient text not null,
    depoch integer not null,
    dseq integer not null,
    hash blob not null,
    item text not null,
    primary key (recipient, depoch, dseq)
) strict;

-- Messages, from their authors (`own` is 1, with wraps) or from those who were sent them.
create table retrieved_envelopes (
    id blob not null primary key,
    author text not null,
    epoch integer not null,
    seq integer not null,
    prev blob not null,
    line text not null,
    wraps text not null,
    own integer not null
) strict;
create index retrieved_envelopes_place on retrieved_envelopes (author, epoch, seq);

create table retrieved_receipts (
    author text not null,
    epoch integer not null,
    from_seq integer not null,
    to_seq integer not null,
    line text not null,
    primary key (author, epoch, to_seq)
) strict;

-- How much each member has brought since, whether nothing more is wanted of it, and what of it
-- contradicts the record.
create table retrieved_members (
    member text not null primary key,
    versions integer not null,
    items integer not null,
    messages integer not null,
    whole integer not null,
    conflict text
) strict;
