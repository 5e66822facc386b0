-- What was said to a unit or an officer with a case that was put on their desk. This institution's own.
create table instructions (
    case_id text not null,
    at bigint not null,
    actor text not null,
    unit text,
    officer text,
    words text not null,
    due text,
    primary key (case_id, at)
);
