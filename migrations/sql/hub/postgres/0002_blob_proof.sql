-- 1 once the author has brought all the bytes that the digest names. Until now an upload that
-- had begun counted as one that would end: what is there already stays where it is.
alter table blob_room add column proved bigint not null default 0;
update blob_room set proved = 1;
