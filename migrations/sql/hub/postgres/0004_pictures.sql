-- The programme of which a blob is a picture; case_id is then empty. Null for an attachment of a case.
alter table blobs add column programme text;
create index blobs_programme on blobs (author, programme);
