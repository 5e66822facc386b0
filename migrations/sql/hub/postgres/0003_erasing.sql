-- Attachments of redacted cases whose files are still to be erased: noted with the redaction,
-- gone when the files are.
create table erasing (
    sha256 bytea not null,
    author text not null,
    primary key (sha256, author)
);
