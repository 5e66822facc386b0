-- Whether a programme says where it is built, for the maps: the latest of a province or of all.
alter table programmes add column placed integer not null default 0;
update programmes set placed = 1 where published like '%"coordinates":{%';
create index programmes_placed on programmes (updated_at) where placed = 1;
create index programmes_placed_in on programmes (substr(region, 1, 2), updated_at) where placed = 1;
create index programmes_placed_anywhere on programmes (updated_at) where placed = 1 and region is null;
