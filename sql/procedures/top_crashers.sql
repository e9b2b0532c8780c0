-- The signatures with the most reports of a version from one day to another, both included: the
-- largest first, of equals the one that was known first.
--
-- Each day, process type and channel has its list in `tcbs_by_count`, the largest first. A signature
-- that is not among the first `depth` of any list has at most as many reports as stand at that depth
-- in all lists together. Once the last one that is asked for has more, nobody else belongs here, and
-- the long tail was never read: the threshold algorithm (Fagin, Lotem, Naor, 2001).
CREATE OR REPLACE FUNCTION top_crashers(p_version integer, p_first date, p_last date, p_max integer)
RETURNS TABLE (signature_id integer, report_count bigint, win_count bigint, mac_count bigint,
    lin_count bigint, hang_count bigint, startup_count bigint)
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    days   date[] := ARRAY(SELECT day::date FROM generate_series(p_first, p_last, interval '1 day') AS day);
    depth  bigint := 2 * p_max::bigint;
    known  integer[];
    unseen bigint;
    last   bigint;
BEGIN
    IF p_max IS NULL OR p_max < 1 THEN
        RAISE EXCEPTION 'the number of top crashers is %, not 1 or more', p_max;
    END IF;
    LOOP
        WITH RECURSIVE lists AS (
            (SELECT report_date, process_type, release_channel FROM tcbs
             WHERE product_version_id = p_version AND report_date BETWEEN p_first AND p_last
             ORDER BY report_date, process_type, release_channel LIMIT 1)
            UNION ALL
            SELECT after.* FROM lists CROSS JOIN LATERAL (
                SELECT report_date, process_type, release_channel FROM tcbs
                WHERE product_version_id = p_version AND report_date <= p_last
                  AND (report_date, process_type, release_channel)
                      > (lists.report_date, lists.process_type, lists.release_channel)
                ORDER BY report_date, process_type, release_channel LIMIT 1) AS after
        ), heads AS (
            SELECT lists.*, head.* FROM lists CROSS JOIN LATERAL (
                SELECT tcbs.signature_id, tcbs.report_count FROM tcbs
                WHERE product_version_id = p_version AND tcbs.report_date = lists.report_date
                  AND tcbs.process_type = lists.process_type
                  AND tcbs.release_channel = lists.release_channel
                ORDER BY tcbs.report_count DESC LIMIT depth) AS head
        ), ends AS (
            SELECT min(report_count) AS report_count FROM heads
            GROUP BY report_date, process_type, release_channel HAVING count(*) = depth
        )
        SELECT ARRAY(SELECT DISTINCT signature_id FROM heads),
               (SELECT coalesce(sum(report_count), 0) FROM ends)
        INTO known, unseen;
        SELECT sum(report_count) INTO last FROM tcbs
        WHERE signature_id = ANY (known) AND report_date = ANY (days) AND product_version_id = p_version
        GROUP BY signature_id ORDER BY 1 DESC OFFSET p_max - 1 LIMIT 1;
        EXIT WHEN unseen = 0 OR last > unseen;
        depth := 4 * depth;
    END LOOP;
    RETURN QUERY
    SELECT signature_id, sum(report_count), sum(win_count), sum(mac_count), sum(lin_count),
           sum(hang_count), sum(startup_count)
    FROM tcbs
    WHERE signature_id = ANY (known) AND report_date = ANY (days) AND product_version_id = p_version
    GROUP BY signature_id ORDER BY 2 DESC, 1 LIMIT p_max;
END
$$;
