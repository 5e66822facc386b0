-- When an item was put into its stream, in Unix ms, where that was later than its message was ordered: what a new party is
-- told of before. Null elsewhere, and for what was put there by a program of before.
alter table deliveries add column told_later_at integer;
