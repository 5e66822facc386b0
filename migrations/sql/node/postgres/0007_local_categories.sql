-- An institution's own categories with the national ones that they stand for.
create table local_categories (
    local text not null primary key,
    category text not null
);
