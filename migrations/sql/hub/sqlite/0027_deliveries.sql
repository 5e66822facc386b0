-- A row without a number of its own stands in the tree of its key, whole, also where the tree only leads on: five to a page. What is
-- told of a message is written behind all others now, on pages that it fills, and its key has a tree of its own.
create table deliveries_in_order (
    recipient text not null,
    depoch integer not null,
    dseq integer not null,
    item text not null,
    number integer not null,
    case_id text,
    whole integer not null,
    told_later_at integer,
    primary key (recipient, depoch, dseq)
) strict;
insert into deliveries_in_order (recipient, depoch, dseq, item, number, case_id, whole, told_later_at)
    select recipient, depoch, dseq, item, number, case_id, whole, told_later_at
    from deliveries order by recipient, depoch, dseq;
drop table deliveries;
alter table deliveries_in_order rename to deliveries;
