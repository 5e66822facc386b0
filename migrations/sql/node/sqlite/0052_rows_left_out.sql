-- What was wrong with rows of a register that were left out when it was filed, sealed.
alter table imports add column problems blob;
