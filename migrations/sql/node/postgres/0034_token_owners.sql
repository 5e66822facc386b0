-- Whose a token is: an account. Where a second person must agree, a token speaks as its owner.
create table token_owners (
    token text not null primary key,
    account text not null
);

-- The own category that a case had before own acts that wait for their ruling, and the national one
-- for which it stood: it comes back where they turn out to be without effect.
alter table cases add column kept_local text;
alter table cases add column kept_for text;
