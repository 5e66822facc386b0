-- Followers hear of what the reporter of a case closed only since this version: what had happened until now in a
-- case that somebody follows is passed over.
insert into news_told (case_id, message)
    select c.case_id, 'closed-before:' || cast(
            case when c.last_at > c.updated_at then c.last_at else c.updated_at end as text)
    from cases c where exists (select 1 from followers f where f.case_id = c.case_id);
