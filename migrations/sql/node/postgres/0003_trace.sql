-- W3C traceparent beside a message: as it leaves, and as it came. It is logged and decides nothing.
alter table outbox add column trace text;
alter table inbox add column trace text;
