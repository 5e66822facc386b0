-- The key before, which opens the conversation until the new one has been used: the answer that tells
-- a new key may be lost.
alter table reporters add column secret_before text;
