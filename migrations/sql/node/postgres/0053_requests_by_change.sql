-- Requests of a city that are linked with cases are read a page at a time, the latest changed first.
create index city_requests_changed on city_requests (city, state, changed_at, id);
