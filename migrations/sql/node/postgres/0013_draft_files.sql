-- Uploads that are kept for a drafted answer until it is published.
create table answer_draft_files (
    upload text not null primary key,
    draft_id text not null,
    place bigint not null
);
create index answer_draft_files_draft on answer_draft_files (draft_id, place);
