-- What lists show of a case, so that no list reads its history. Words: erased with the case.
alter table cases add column title text;
alter table cases add column place text;
alter table cases add column excerpt text;
-- The last public follow-up, shortened.
alter table cases add column answer text;
-- The last message: kind, author, Unix ms at the hub (while pending, here).
alter table cases add column last_kind text;
alter table cases add column last_author text;
alter table cases add column last_at integer;
-- The last message that moved the case, which says why it lies where it lies.
alter table cases add column turn text;
-- Where the case lies at this desk; null: nowhere, and nobody here may find it.
alter table cases add column tray text;
alter table cases add column anonymous integer not null default 0;
-- 1: everybody may read it at the portal of this institution.
alter table cases add column public integer not null default 0;
alter table cases add column supports integer not null default 0;
alter table cases add column hops integer not null default 0;
alter table cases add column province text;
alter table cases add column regency text;
alter table cases add column category_root text;
alter table cases add column programme_owner text;
alter table cases add column programme_slug text;
-- 0: a row of an older version, to be described from its history.
alter table cases add column described integer not null default 0;
-- What is decided here and told to nobody: whose desk it lies on, and since when it has been looked at.
alter table cases add column unit text;
alter table cases add column officer text;
alter table cases add column looked_at integer;

create index cases_tray on cases (tray, updated_at, case_id, secret, unit);
create index cases_unseen on cases (tray) where looked_at is null and tray = 'new';
-- In our hands and not with the reporter: what can run out.
create index cases_running on cases (updated_at, case_id) where tray in ('new', 'came_back', 'working');
create index cases_unit on cases (unit, tray, updated_at, case_id) where unit is not null;
create index cases_officer on cases (officer, tray, updated_at, case_id) where officer is not null;
create index cases_pending on cases (updated_at, case_id) where pending > 0;
create index cases_undescribed on cases (case_id) where described = 0;
create index cases_public on cases (filed_at, case_id) where public = 1;
create index cases_public_state on cases (state, filed_at, case_id) where public = 1;
create index cases_public_regency on cases (regency, filed_at, case_id) where public = 1;
create index cases_public_province on cases (province, filed_at, case_id) where public = 1;
create index cases_public_root on cases (category_root, filed_at, case_id) where public = 1;
create index cases_public_category on cases (category, filed_at, case_id) where public = 1;
create index cases_public_custodian on cases (custodian, filed_at, case_id) where public = 1;
create index cases_public_programme on cases (programme_owner, programme_slug, filed_at, case_id) where public = 1;

-- Own acts without effect that nobody has dropped yet.
alter table outbox add column dropped_at integer;
create index outbox_failed on outbox (case_id, number)
    where effect in ('stale', 'inapplicable', 'unauthorised') and dropped_at is null;

-- Stems of the words of a case: of its title, of what the public reads, of the rest.
create table case_texts (
    number integer not null primary key,
    case_id text not null unique,
    title text not null,
    body text not null,
    inside text not null
) strict;

-- Cases whose words are not in `case_texts` as they are now.
create table texts_due (
    case_id text not null primary key,
    asked integer not null
) strict;
insert into texts_due (case_id, asked) select case_id, 1 from cases where erased = 0;

create virtual table case_index using fts5 (
    title, body, inside, content = 'case_texts', content_rowid = 'number', tokenize = 'ascii'
);
-- What is erased is gone at once, and does not lie in the index until it is merged.
insert into case_index (case_index, rank) values ('secure-delete', 1);
create trigger case_texts_added after insert on case_texts begin
    insert into case_index (rowid, title, body, inside)
        values (new.number, new.title, new.body, new.inside);
end;
create trigger case_texts_removed after delete on case_texts begin
    insert into case_index (case_index, rowid, title, body, inside)
        values ('delete', old.number, old.title, old.body, old.inside);
end;
create trigger case_texts_changed after update on case_texts begin
    insert into case_index (case_index, rowid, title, body, inside)
        values ('delete', old.number, old.title, old.body, old.inside);
    insert into case_index (rowid, title, body, inside)
        values (new.number, new.title, new.body, new.inside);
end;

-- Conditions of the inbox that an account has named.
create table saved_filters (
    account text not null,
    name text not null,
    conditions text not null,
    created_at integer not null,
    primary key (account, name)
) strict;
