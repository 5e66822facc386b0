-- What a token may do, piece by piece, where that is no role.
create table token_scopes (
    token text not null,
    scope text not null,
    primary key (token, scope)
) strict;

-- Until when a token is good, and when it was used last, to the hour.
alter table tokens add column expires_at integer;
alter table tokens add column used_at integer;
