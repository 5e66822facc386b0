-- Words in front of a report, as the desk keeps them beside those of the configuration; in capitals.
-- One whose `until_at` is over is kept for its figures.
create table channel_keywords (
    word text not null primary key,
    campaign text,
    category text,
    region text,
    suggested text,
    until_at integer,
    changed_at integer not null,
    changed_by text not null
) strict;

-- With which word a report began.
create table channel_keyword_cases (
    case_id text not null primary key,
    word text not null,
    at integer not null
) strict;
create index channel_keyword_cases_word on channel_keyword_cases (word, at);

-- Conversations of which nothing is answered and nothing filed until a moment.
create table channel_blocks (
    thread text not null primary key,
    until_at integer not null,
    why text not null,
    blocked_at integer not null,
    blocked_by text not null
) strict;

-- Who reported what of late, by a keyed hash of the text alone: the same of many is no accident.
create table channel_alike (
    hash blob not null,
    thread text not null,
    at integer not null,
    primary key (hash, thread)
) strict;
