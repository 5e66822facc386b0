alter table uploads add column state text not null default 'ready';
