-- Whatever a list is narrowed by stands in the index that gives its order, so that a list in which
-- little or nothing fits passes over the index and reads no row.
drop index cases_updated;
create index cases_desk on cases (updated_at, case_id, tray, province, regency, category_root, category,
    classification, filed_at, secret, unit);
drop index cases_tray;
create index cases_tray on cases (tray, updated_at, case_id, secret, unit, province, regency, category_root,
    category, classification);
drop index cases_public;
create index cases_public on cases (filed_at, case_id, classification) where public = 1;
