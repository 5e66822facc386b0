-- Whether whoever joins by the line stands suspended until an operator has approved it.
alter table invitations add column approval integer not null default 0;

-- Who has joined since that can be asked for: when, from which address, and since when it may take part
-- (nothing while it waits).
create table admissions (
    slug text not null primary key,
    asked_at integer not null,
    address text not null,
    admitted_at integer
) strict;

-- Operators' accounts that may do nothing until another operator has confirmed them: because of whom,
-- what that one did to them, and why.
create table resting_accounts (
    account text not null,
    asked_by text not null,
    act text not null,
    reason text not null,
    asked_at integer not null,
    primary key (account, asked_by)
) strict;
