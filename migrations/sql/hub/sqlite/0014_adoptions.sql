-- Since when each institution says that it holds an edition: `what` is taxonomy, calendar or regions; an
-- empty edition is the one that its program ships.
create table adoptions (
    slug text not null,
    what text not null,
    edition text not null,
    since integer not null,
    primary key (slug, what)
) strict;

-- Editions of the categories are a few among many messages.
create index envelopes_taxonomies on envelopes (number) where kind = 'taxonomy.updated';
