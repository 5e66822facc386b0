-- Numbers of the institution's own application are found however somebody types them.
drop index cases_own_number;
create index cases_own_number on cases (upper(replace(own_number, ' ', '')))
    where own_number is not null;
