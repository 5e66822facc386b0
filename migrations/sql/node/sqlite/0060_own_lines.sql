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

-- What came back from the hub after a restore has its second case too: what is read of a case finds it by its cases.
update outbox set other_case = (
        select min(i.case_id) from inbox i
            where i.envelope_id = outbox.envelope_id and i.stream = 'inbox' and i.case_id <> outbox.case_id
    ) where other_case is null and envelope_id is not null and kind in ('case.linked', 'case.unlinked', 'case.split');

-- An id is a hash: with one index over all of them each message changed a page of its own, when it was sealed and when its
-- ruling came. Within a span of 2,048, which comes first, they stay few. Epoch and seq follow from an id and are unique, so
-- ids are as well. What has no place yet, or no second case, stands in no index of it.
drop index outbox_envelope;
create index outbox_span on outbox (number >> 11, envelope_id) where envelope_id is not null;
drop index outbox_position;
create unique index outbox_position on outbox (epoch, seq) where epoch is not null;
drop index outbox_other;
create index outbox_other on outbox (other_case, number) where other_case is not null;
drop index inbox_envelope;
create index inbox_span on inbox (dseq >> 11, envelope_id);
