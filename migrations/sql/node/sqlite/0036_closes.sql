-- How closed cases ended, for the first page of the portal, which counts them at every visit.
create index cases_closes on cases (outcome) where state = 'closed';
