-- Reports that came in by Open311: which program filed each, by the name of its token, and what it
-- was given to find the report's number by.
create table open311_requests (
    case_id text not null primary key,
    caller text not null,
    token text not null unique,
    at bigint not null
);

create index open311_requests_caller on open311_requests (caller, at);
