-- Who works at the institution's desk. `factor` is the sealed secret of the second factor in force,
-- `factor_offered` one that has been shown and not confirmed; no code of a step up to `factor_step`
-- is taken again.
create table accounts (
    id text not null primary key,
    login text not null,
    name text not null,
    role text not null,
    unit text,
    state text not null,
    password text,
    factor blob,
    factor_offered blob,
    factor_step integer not null,
    created_at integer not null,
    changed_at integer not null
) strict;
create unique index accounts_login on accounts (login);

-- What replaces a lost second factor, each once.
create table recovery_codes (
    account text not null,
    hash blob not null,
    primary key (account, hash)
) strict;

-- By the hash of the token in the cookie. Stages: `code` (the second factor is still to come), `open`.
create table sessions (
    hash blob not null primary key,
    id text not null,
    account text not null,
    stage text not null,
    agent text not null,
    created_at integer not null,
    seen_at integer not null,
    expires_at integer not null
) strict;
create unique index sessions_id on sessions (id);
create index sessions_account on sessions (account, created_at);
create index sessions_expires on sessions (expires_at);

-- Links that work once, by the hash of what stands in them. Purposes: `setup`, `invitation`, `reset`.
create table account_links (
    hash blob not null primary key,
    purpose text not null,
    account text,
    created_at integer not null,
    expires_at integer not null
) strict;
create index account_links_account on account_links (account);
create index account_links_expires on account_links (expires_at);

-- Parts of the institution; `parent` is one of them, and has none itself.
create table units (
    id text not null primary key,
    name text not null,
    parent text,
    closed_at integer,
    created_at integer not null
) strict;
create index units_parent on units (parent);

create trigger audit_unchanged before update on audit
begin
    select raise(abort, 'the audit log is never changed');
end;
create trigger audit_undeleted before delete on audit
begin
    select raise(abort, 'nothing is deleted from the audit log');
end;
