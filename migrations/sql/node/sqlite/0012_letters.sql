-- Letters that wait to be sent, in words; one that is sent is removed. States: `waiting`, `refused` (by the
-- recipient's side for ever: its words are gone, the address stays for a person to see). Who sends one holds it
-- until `leased_until`; that number is also their right to say what became of it.
create table letters (
    number integer not null primary key,
    kind text not null,
    address text not null,
    case_id text,
    subject text not null,
    body text not null,
    leave text,
    created_at integer not null,
    expires_at integer,
    attempts integer not null,
    due_at integer not null,
    leased_until integer not null,
    state text not null,
    problem text
) strict;
create index letters_due on letters (due_at, number) where state = 'waiting';
create index letters_state on letters (state, number);
create index letters_case on letters (case_id) where case_id is not null;

-- Cases of which somebody outside may have to be told something. `asked` rises with each change.
create table news_due (
    case_id text not null primary key,
    asked integer not null
) strict;
-- Messages of a case of which its reporter and its followers have been told.
create table news_told (
    case_id text not null,
    message text not null,
    primary key (case_id, message)
) strict;
-- Ways to leave that stand in letters, each for one follower.
create table follower_leaves (
    hash blob not null primary key,
    case_id text not null,
    contact text not null
) strict;
create index follower_leaves_contact on follower_leaves (case_id, contact);

-- What an account wants to be written: `digest`, `each`, `none`; and the day of its last digest.
create table letter_choices (
    account text not null primary key,
    choice text not null,
    digest_on text
) strict;
-- Cases that an account has been told of while they lay in a tray.
create table letter_cases (
    account text not null,
    case_id text not null,
    tray text not null,
    primary key (account, case_id, tray)
) strict;
create index letter_cases_case on letter_cases (case_id, tray);

-- Addresses whose password somebody has forgotten, whether an account has them or not: who asks must not
-- learn that, and so it is looked up later.
create table reset_asks (
    login text not null primary key,
    asked_at integer not null
) strict;
