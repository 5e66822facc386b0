-- Who works at the hub's console. `factor` is the sealed secret of the second factor in force,
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
    factor bytea,
    factor_offered bytea,
    factor_step bigint not null,
    created_at bigint not null,
    changed_at bigint not null
);
create unique index accounts_login on accounts (login);

-- What replaces a lost second factor, each once.
create table recovery_codes (
    account text not null,
    hash bytea not null,
    primary key (account, hash)
);

-- By the hash of the token in the cookie. Stages: `code` (the second factor is still to come), `open`.
create table sessions (
    hash bytea not null primary key,
    id text not null,
    account text not null,
    stage text not null,
    agent text not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create unique index sessions_id on sessions (id);
create index sessions_account on sessions (account, created_at);
create index sessions_expires on sessions (expires_at);

-- Links that work once, by the hash of what stands in them. Purposes: `setup`, `invitation`, `reset`.
create table account_links (
    hash bytea not null primary key,
    purpose text not null,
    account text,
    created_at bigint not null,
    expires_at bigint not null
);
create index account_links_account on account_links (account);
create index account_links_expires on account_links (expires_at);

-- Who somebody is at the provider of identities, from their first log-in there on: an address
-- may be given to somebody else, a subject of an issuer never is (OpenID Connect Core 1.0, section 5.7).
-- Sessions have a further stage, `code_vouched`: the provider vouched, the second factor is still to come.
create table account_subjects (
    account text not null primary key,
    issuer text not null,
    subject text not null
);
create unique index account_subjects_subject on account_subjects (issuer, subject);

-- Who did what at this hub. `subject` is the institution that it concerned. Only ever added to.
create table audit (
    number bigint not null primary key,
    at bigint not null,
    actor text not null,
    action text not null,
    subject text,
    detail text not null
);
create index audit_subject on audit (subject, number);

create function audit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is never changed, and nothing is deleted from it';
end $$;
create trigger audit_unchanged before update or delete or truncate on audit
    for each statement execute function audit_stays();

-- Dangerous acts that wait for a second person, until `expires_at`; `deed` is JSON. Gone once decided:
-- the audit log keeps what came of it.
create table approvals (
    id text not null primary key,
    deed text not null,
    subject text not null,
    reason text not null,
    asked_by text not null,
    asked_at bigint not null,
    expires_at bigint not null
);
create unique index approvals_deed on approvals (deed);
