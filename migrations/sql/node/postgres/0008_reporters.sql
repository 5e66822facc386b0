-- The reporter's side of a case that was filed here with a key. `id` is how the audit log names
-- them, `secret` an argon2id hash. Verification: `none`, `contact`. Notify: `off`, `email`.
create table reporters (
    case_id text not null primary key,
    id text not null unique,
    secret text not null,
    secret_at bigint not null,
    verification text not null,
    notify text not null,
    citizen text
);
create index reporters_citizen on reporters (citizen, case_id);

-- An opened conversation, or a citizen who signed in, by the hash of the token.
create table reporter_sessions (
    hash bytea not null primary key,
    case_id text,
    citizen text,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index reporter_sessions_case on reporter_sessions (case_id);
create index reporter_sessions_citizen on reporter_sessions (citizen);
create index reporter_sessions_expiry on reporter_sessions (expires_at);

-- Who has proved a contact, and may find all that they reported by it.
create table citizens (
    id text not null primary key,
    contact text not null unique,
    created_at bigint not null
);

-- Codes on their way to a contact. Purposes: `sign_in`, `recover`, `follow`.
create table reporter_codes (
    id text not null primary key,
    purpose text not null,
    contact text not null,
    case_id text,
    hash bytea not null,
    attempts bigint not null,
    expires_at bigint not null
);
create index reporter_codes_expiry on reporter_codes (expires_at);

-- What is to be sent to a contact; whoever sends it removes it.
create table reporter_letters (
    number bigint not null primary key,
    contact text not null,
    kind text not null,
    case_id text,
    code text,
    created_at bigint not null,
    expires_at bigint not null
);
create index reporter_letters_case on reporter_letters (case_id);
create index reporter_letters_expiry on reporter_letters (expires_at);

-- Who has the same trouble: once for each browser and each citizen.
create table supporters (
    case_id text not null,
    supporter bytea not null,
    at bigint not null,
    primary key (case_id, supporter)
);

create table followers (
    case_id text not null,
    contact text not null,
    leave_hash bytea not null unique,
    at bigint not null,
    primary key (case_id, contact)
);

-- Requests for an identity by officers of this institution; those of others are messages.
create table identity_asks (
    id text not null primary key,
    case_id text not null,
    asked_by text not null,
    purpose text not null,
    reason text not null,
    asked_at bigint not null,
    granted bigint,
    answered_by text,
    answered_at bigint
);
create index identity_asks_case on identity_asks (case_id, asked_at);

-- What the reporter said of a request; `ask` is an id of identity_asks or of a message.
create table identity_consents (
    case_id text not null,
    ask text not null,
    given bigint not null,
    said_by text not null,
    at bigint not null,
    primary key (case_id, ask)
);

-- Erasures that a reporter has asked for. States: `waiting`, `done`, `withdrawn`.
create table erasures (
    id text not null primary key,
    case_id text not null,
    state text not null,
    asked_at bigint not null,
    due_at bigint not null,
    ended_at bigint
);
create index erasures_case on erasures (case_id, asked_at);
create index erasures_state on erasures (state, due_at);

-- A mark of this node's own on what looks like abuse; no other institution learns of it.
create table abuse_marks (
    case_id text not null primary key,
    reason text not null,
    marked_by text not null,
    at bigint not null,
    cleared_by text,
    cleared_at bigint
);
create index abuse_marks_open on abuse_marks (cleared_at, at);

-- What was answered to a request with an idempotency key, sealed under that key.
create table answers (
    scope text not null,
    hash bytea not null,
    request bytea not null,
    answer text not null,
    at bigint not null,
    primary key (scope, hash)
);
create index answers_at on answers (at);

create index audit_actor on audit (case_id, actor);
