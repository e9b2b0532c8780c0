-- Reasons and addresses of pages repeat: a handful of reasons stands in most rows. A hash index keeps
-- all entries of one value in one chain of pages and walks it for every new one, so that writing a
-- report took longer the more there were: with 500,000 in a week, half of all its time. A tree takes
-- each at the same price. It holds the first 255 characters, as the columns of 2012 did: a longer
-- entry could be refused. A query says `left(reason, 255) = left($1, 255) AND reason = $1`.

DROP INDEX reports_reason;
DROP INDEX reports_url;
CREATE INDEX reports_reason ON reports (left(reason, 255));
CREATE INDEX reports_url ON reports (left(url, 255));
