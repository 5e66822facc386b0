-- Answers that a superior sees before they are sent. States: `waiting`, `published`, `returned`.
create table answer_drafts (
    id text not null primary key,
    case_id text not null,
    answer text not null,
    proposes_to_close integer not null,
    written_by text not null,
    written_at integer not null,
    state text not null,
    decided_by text,
    decided_at integer,
    remark text,
    message_id text
) strict;
create index answer_drafts_case on answer_drafts (case_id, written_at);
create index answer_drafts_state on answer_drafts (state, written_at);

-- Cases of which an institution has asked who reported.
create index inbox_identity on inbox (case_id) where kind = 'identity.requested';
