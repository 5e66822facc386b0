-- Pictures that the latest messages of a programme name. `state` is `pending` (own, the hub has not
-- accepted its message yet), `to_send`, `to_fetch`, `held`, or `refused` with the reason why.
create table pictures (
    owner text not null,
    slug text not null,
    sha256 blob not null,
    size integer not null,
    media_type text not null,
    state text not null,
    reason text,
    primary key (owner, slug, sha256)
) strict;
create index pictures_state on pictures (state, owner, slug, sha256);
create index pictures_sha256 on pictures (sha256);
