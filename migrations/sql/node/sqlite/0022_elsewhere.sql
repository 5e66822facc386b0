-- What lies in a tray by the clock that runs, so that what another institution has comes in that order.
create index cases_tray_due on cases (tray, runs_out_at, case_id, secret, unit);
