-- Since when this institution hears no more of a case, because it is no party of it any more; null
-- while it is one. What the row shows is how the case stood then.
alter table cases add column left_at integer;
-- Of a case of which nothing more is heard, whose work still counts: this institution's own.
alter table case_facts add column left_by text;
-- Whether it hears of a case that others have or that has ended is read off its history, in the background.
update cases set described = 0 where tray in ('elsewhere', 'ended');
-- Cases of which nothing more is heard are counted nowhere; the counts stay answered from the index alone.
drop index cases_state;
create index cases_state on cases (state, updated_at, case_id, left_at);
drop index cases_closes;
create index cases_closes on cases (left_at, outcome, state) where state = 'closed';
