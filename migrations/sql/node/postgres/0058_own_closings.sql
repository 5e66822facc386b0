-- Followers hear of what the reporter of a case closed only since this version: what the hub had told of a case that
-- somebody follows until now is passed over, by the place of the last. `cross join` pins the order to SQLite.
insert into news_told (case_id, message)
    select case_id, 'closed-before:' || cast(depoch as text) || ':' || cast(dseq as text)
    from (select i.case_id, i.depoch, i.dseq,
                row_number() over (partition by i.case_id order by i.depoch desc, i.dseq desc) as back
            from (select distinct case_id from followers) f cross join inbox i
            where i.case_id = f.case_id and i.stream = 'inbox') told
    where back = 1;
