-- Who was told that an alarm is open, and is to be told of its end.
create table alarm_told (
    recipient text not null,
    alarm text not null,
    primary key (recipient, alarm)
) strict;
create index alarm_told_alarm on alarm_told (alarm);
insert into alarm_told (recipient, alarm)
    select r.id, a.id from alarms a cross join alarm_recipients r
    where a.told_at is not null and a.state <> 'cleared' and r.enabled = 1;

-- `queued_at` is when it was put on its way last, `rules` the ids of the rules of whose new alarms it tells.
-- A further state is `dropped`: its recipient was switched off or removed before it arrived.
alter table alarm_deliveries add column queued_at integer not null default 0;
alter table alarm_deliveries add column rules text not null default '';
update alarm_deliveries set queued_at = created_at;
create index alarm_deliveries_waiting on alarm_deliveries (queued_at) where state = 'waiting' and kind <> 'test';
create index alarm_deliveries_dead on alarm_deliveries (done_at) where state = 'dead' and kind <> 'test';
