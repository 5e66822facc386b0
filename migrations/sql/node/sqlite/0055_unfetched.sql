-- Since when nothing can be fetched from a provider, and why.
alter table channel_lines add column unfetched_since integer;
alter table channel_lines add column unfetched_why text;
