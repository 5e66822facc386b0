-- Requests of cities' own Open311 services: followed as cases here, or fed from cases of here.
create table city_requests (
    id text not null primary key,
    city text not null,
    -- followed, fed
    way text not null,
    -- waiting, sending, token, linked, refused, left, dropped
    state text not null,
    -- Its number there, once it is known.
    request text,
    case_id text,
    -- With what it was answered while it has no number.
    token text,
    -- As it was told there last: open, closed; and a hash of what was said of it.
    status text,
    notes bytea,
    -- How often something of it was told here.
    turns bigint not null,
    since bigint not null,
    asked_at bigint,
    due_at bigint not null,
    seen_at bigint not null,
    changed_at bigint not null,
    problem text
);
create unique index city_requests_request on city_requests (city, request);
create unique index city_requests_case on city_requests (city, case_id);
create index city_requests_of_case on city_requests (case_id);
create index city_requests_state on city_requests (city, state, due_at);

-- How it goes with each city.
create table city_lines (
    city text not null primary key,
    -- From when on its requests are followed, and cases fed.
    begun_at bigint not null,
    -- Until when its requests have been looked through.
    fetched_until bigint not null,
    contact_at bigint,
    troubled_since bigint,
    problem text
);
