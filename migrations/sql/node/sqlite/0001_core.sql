create table schema_facts (
    name text not null primary key,
    value text not null
) strict;

insert into schema_facts (name, value) values ('program', 'lapor-node');
