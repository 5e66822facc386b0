-- When the government of a region is planned to take its next step: `planned` is a quarter (2027-Q1) or
-- a day (2027-01-31). Who changed it before stands in the audit log.
create table region_plans (
    region text not null primary key,
    planned text not null,
    noted_at integer not null,
    noted_by text not null
) strict;
