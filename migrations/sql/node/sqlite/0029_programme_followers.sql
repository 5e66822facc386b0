-- Who follows a programme by e-mail; `told` is the number of the publication that they were told last.
create table programme_followers (
    owner text not null,
    slug text not null,
    contact text not null,
    told integer not null,
    at integer not null,
    primary key (owner, slug, contact)
) strict;
