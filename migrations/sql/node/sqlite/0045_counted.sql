-- What waits for the hub and what nobody has looked at is counted on every page of the desk: from the index
-- alone, also at a node that has been without its hub for long.
drop index cases_pending;
create index cases_pending on cases (updated_at, case_id, tray, secret, unit, officer, province, regency, pending)
    where pending > 0;
drop index cases_unseen;
create index cases_unseen on cases (tray, case_id, secret, unit) where looked_at is null and tray = 'new';
