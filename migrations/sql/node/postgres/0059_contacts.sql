-- With an account all goes that its address follows, with the letters that wait for it: each by the address alone.
create index followers_of_contact on followers (contact);
create index led_on_of_contact on led_on (contact);
create index follower_leaves_of_contact on follower_leaves (contact);
create index programme_followers_of_contact on programme_followers (contact);
create index letters_of_address on letters (address) where kind = 'news' and leave is not null;
