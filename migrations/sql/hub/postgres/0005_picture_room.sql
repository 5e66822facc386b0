-- Whether an upload takes the room of the pictures of its author, or that of the attachments.
alter table blob_room add column picture bigint not null default 0;
update blob_room set picture = 1 where exists (select 1 from blobs b
    where b.sha256 = blob_room.sha256 and b.author = blob_room.author and b.programme is not null);
