-- Erasures that officers decided, beside those that reporters ask for. State `asked`: another person must
-- confirm it. `asked_by` is who decided, as in the audit log, and null for the reporter.
alter table erasures add column reason text not null default 'reporter_request';
alter table erasures add column asked_by text;
alter table erasures add column confirmed_by text;
