-- The last follower who has been told of a message, while others are still behind; null once all have been.
alter table news_told add column told_to text;
