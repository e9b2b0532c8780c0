-- A version's signatures on a day, the most frequent first: what `top_crashers` reads, instead of all
-- of its rows in no order.
CREATE INDEX tcbs_by_count ON tcbs
    (product_version_id, report_date, process_type, release_channel, report_count DESC)
    INCLUDE (signature_id);
DROP INDEX tcbs_by_version;
