-- Words in front of a report, as the desk keeps them beside those of the configuration; in capitals.
-- One whose `until_at` is over is kept for its figures.
create table channel_keywords (
    word text not null primary key,
    campaign text,
    category text,
    region text,
    suggested text,
    until_at bigint,
    changed_at bigint not null,
    changed_by text not null
);

-- With which word a report began.
create table channel_keyword_cases (
    case_id text not null primary key,
    word text not null,
    at bigint not null
);
create index channel_keyword_cases_word on channel_keyword_cases (word, at);

-- Conversations of which nothing is answered and nothing filed until a moment.
create table channel_blocks (
    thread text not null primary key,
    until_at bigint not null,
    why text not null,
    blocked_at bigint not null,
    blocked_by text not null
);

-- Who reported what of late, by a keyed hash of the text alone: the same of many is no accident.
create table channel_alike (
    hash bytea not null,
    thread text not null,
    at bigint not null,
    primary key (hash, thread)
);
