-- Answers of other institutions to requests for an identity, and the requests that were sent to them.
create index inbox_identity_answers on inbox (received_at)
    where kind in ('identity.disclosed', 'identity.refused');
create index outbox_identity on outbox (number) where kind = 'identity.requested';
