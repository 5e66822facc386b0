-- Which level of the road map is aimed at by then; null where a plan does not say, as those of before do not.
alter table region_plans add column level text;
