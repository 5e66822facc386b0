-- How many requests for the identity of a case's reporter wait for an answer. Of cases of which one has
-- ever come from elsewhere the number is not known until they change: they are looked at.
alter table cases add column identity_asks integer not null default 0;
update cases set identity_asks = 1
    where case_id in (select case_id from inbox where kind = 'identity.requested');
create index cases_identity_asks on cases (case_id) where identity_asks > 0;
