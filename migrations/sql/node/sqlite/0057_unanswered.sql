-- How often something was handed over and not answered: whom it is for may have heard it.
alter table channel_outbox add column unanswered integer not null default 0;
