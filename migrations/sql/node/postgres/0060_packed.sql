-- The line of an own message is kept with its payload as the bytes that it stands for: a row stays in one piece. What is
-- kept as text stays so: a line begins with a brace, which no packed one does. Most of a payload is sealed and cannot be
-- compressed.
alter table outbox_lines alter column line type bytea using convert_to(line, 'UTF8');
alter table outbox_lines alter column line set storage external;
