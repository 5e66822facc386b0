-- Since when nothing can be fetched from a provider, and why.
alter table channel_lines add column unfetched_since bigint;
alter table channel_lines add column unfetched_why text;
