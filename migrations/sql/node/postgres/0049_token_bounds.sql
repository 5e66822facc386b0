-- To which cases a token is bounded: those of units, those of provinces and regencies. `sort` is `unit` or `region`.
create table token_bounds (
    token text not null,
    sort text not null,
    value text not null,
    primary key (token, sort, value)
);
