-- What kept a letter or a webhook from arriving at the last try, by kind: JSON; null where it arrived, was dropped, or was tried
-- by a program of before.
alter table alarm_deliveries add column cause text;
