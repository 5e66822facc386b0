-- The line of an own message is kept with its payload as the bytes that it stands for: two fit on a page where one did.
-- What is kept as text stays so: a line begins with a brace, which no packed one does.
create table outbox_lines_packed (
    number integer not null primary key,
    line blob not null
) strict;
insert into outbox_lines_packed (number, line)
    select number, cast(line as blob) from outbox_lines order by number;
drop table outbox_lines;
alter table outbox_lines_packed rename to outbox_lines;
