-- The address of a report that its reporter has proved: what an account with that address finds.
alter table reporters add column proved text;
update reporters set proved = (select lower(trim(json_extract(i.identity, '$.email')))
    from identities i where i.case_id = reporters.case_id)
    where verification = 'contact';
create index reporters_proved on reporters (proved);
