-- An id is a hash: with one index over all of them each message changed a page of its own, and the pages of a batch grew
-- with the record. Within a span of 8,192 messages, which comes first, they stay few; a message is looked for in the spans
-- one after another, the latest first. Author, epoch and seq follow from an id and are unique, so ids are as well.
-- A line is kept with its payload as the bytes that it stands for: two fit on a page where one did. What was kept as text
-- stays so: a line begins with a brace, which no packed one does.
create table envelopes_by_span (
    number integer not null primary key,
    id blob not null,
    author text not null,
    epoch integer not null,
    seq integer not null,
    message_id text not null,
    case_id text,
    kind text not null,
    line blob not null,
    trace text,
    accepted_at integer not null,
    unique (author, epoch, seq)
) strict;
insert into envelopes_by_span
    (number, id, author, epoch, seq, message_id, case_id, kind, line, trace, accepted_at)
    select number, id, author, epoch, seq, message_id, case_id, kind, cast(line as blob), trace, accepted_at
    from envelopes order by number;
drop table envelopes;
alter table envelopes_by_span rename to envelopes;
create index envelopes_span on envelopes (number >> 13, id);
create index envelopes_message on envelopes (author, message_id, number);
create index envelopes_calendars on envelopes (number) where kind = 'calendar.updated';
create index envelopes_taxonomies on envelopes (number) where kind = 'taxonomy.updated';
