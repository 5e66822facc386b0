-- Followers hear of what the reporter of a case closed only since this version: what the hub had ruled until now in
-- a case that somebody follows is passed over, up to its last place among all that the hub has told.
insert into news_told (case_id, message)
    select i.case_id, 'closed-before:' || cast(i.depoch as text) || ':' || cast(max(i.dseq) as text)
    from (select distinct case_id from followers) f
        join inbox i on i.case_id = f.case_id
    group by i.case_id, i.depoch;
