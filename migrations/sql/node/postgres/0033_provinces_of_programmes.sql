-- The province in which a programme is built by its coordinates, or the outline of several; empty where
-- that is not known, null where nobody has looked yet: older rows are looked at in the background.
alter table programmes add column built_in text;
drop index programmes_placed_in;
drop index programmes_placed_anywhere;
create index programmes_built_in on programmes (built_in, updated_at) where placed = 1;
create index programmes_unlocated on programmes (owner, slug) where placed = 1 and built_in is null;

-- Who was led to a case, for whoever leaves it.
create index led_on_into on led_on (into_case, contact);

-- Every way to leave stands in one table.
insert into follower_leaves (hash, case_id, contact) select leave_hash, case_id, contact from followers
    where true on conflict (hash) do nothing;
alter table followers drop column leave_hash;
