-- A row of the outbox is written again with each state of its message: what was written and what is
-- sent, the most of it, stand beside it and are written once.
create table outbox_drafts (
    number integer not null primary key,
    draft text not null
) strict;
insert into outbox_drafts (number, draft) select number, draft from outbox where draft <> '';
create table outbox_lines (
    number integer not null primary key,
    line text not null
) strict;
insert into outbox_lines (number, line) select number, line from outbox where line is not null;
alter table outbox drop column line;
alter table outbox drop column draft;
