-- Cases in which a party may lack the content key that this node holds. `asked` rises whenever the
-- question comes up again, so that an answer to an older question settles nothing.
create table keys_due (
    case_id text not null primary key,
    due_at bigint not null,
    asked bigint not null
);
create index keys_due_at on keys_due (due_at, case_id);
