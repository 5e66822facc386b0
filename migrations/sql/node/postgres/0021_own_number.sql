-- The number that a case has in the institution's own application; no other institution is told.
alter table cases add column own_number text;
create index cases_own_number on cases (own_number) where own_number is not null;
