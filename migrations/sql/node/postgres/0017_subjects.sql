-- Who somebody is at the institution's provider of identities, from their first log-in there on: an address
-- may be given to somebody else, a subject of an issuer never is (OpenID Connect Core 1.0, section 5.7).
-- Sessions have a further stage, `code_vouched`: the provider vouched, the second factor is still to come.
create table account_subjects (
    account text not null primary key,
    issuer text not null,
    subject text not null
);
create unique index account_subjects_subject on account_subjects (issuer, subject);
