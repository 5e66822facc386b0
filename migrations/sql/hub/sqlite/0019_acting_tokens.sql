-- Whose a token is: an account. A token that acts is somebody's, and speaks as that person where a second
-- one must agree.
create table token_owners (
    token text not null primary key,
    account text not null
) strict;

-- What was answered to programs that gave their request a key, sealed; nothing while it is under way, or
-- where it broke off.
create table answers (
    scope text not null,
    hash blob not null,
    request blob not null,
    answer blob,
    at integer not null,
    primary key (scope, hash)
) strict;
create index answers_at on answers (at);

-- Figures of weeks that are over, by their Monday and the edition of the calendar that they were counted by.
create table week_figures (
    monday text not null primary key,
    calendar text not null,
    figures text not null
) strict;
