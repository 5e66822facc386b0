-- A line is kept with its payload as the bytes that it stands for: a row stays in one piece. What was kept as text stays so:
-- a line begins with a brace, which no packed one does. Most of a payload is sealed and cannot be compressed.
alter table envelopes alter column line type bytea using convert_to(line, 'UTF8');
alter table envelopes alter column line set storage external;
-- An id is a hash: with one index over all of them each message changed a page of its own, and the pages of a batch grew
-- with the record. Within a span of 8,192 messages, which comes first, they stay few; a message is looked for in the spans
-- one after another, the latest first. Author, epoch and seq follow from an id and are unique, so ids are as well.
alter table envelopes drop constraint envelopes_id_key;
create index envelopes_span on envelopes ((number >> 13), id);
