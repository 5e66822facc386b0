-- Who is connected to each process of this hub, and when it said so last, in Unix ms; no row while nobody is. What a
-- process that is killed leaves open is ended by it. JSON: a list of slugs.
create table presences (
    process text not null primary key,
    at integer not null,
    slugs text not null
) strict;
