-- 1: an institution has taken the case up as a report: verified it, passed it on or answered it.
alter table cases add column taken_up bigint not null default 0;
-- How a case that ended did so; null while it is open.
alter table cases add column outcome text;
-- Until each row is described anew from its history, what was public stays so.
update cases set taken_up = public, described = 0;
