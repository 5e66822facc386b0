-- What another institution has, by the clock that runs there.
create index cases_elsewhere on cases (runs_out_at, case_id, secret, unit) where tray = 'elsewhere';
