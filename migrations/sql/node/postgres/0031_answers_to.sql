-- Requests for an identity by who made them, for what was answered to one person.
create index identity_asks_by on identity_asks (asked_by, answered_at);
