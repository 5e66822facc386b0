-- Open cases of a place, latest first, in which a report looks for those that it may repeat.
create index cases_open_in on cases (province, regency, filed_at, case_id)
    where secret = 0 and tray <> 'ended';
