-- The signatures with the most reports of a version from one day to another, both included: the
-- largest first, of equals the one that was known first.
--
-- Each day, process type and channel has its list in `tcbs_by_count`, the largest first. What a
-- signature has in the heads of the lists, their first `depth` rows, is the least that it can have;
-- where it is in no head it has at most what stands at the head's end. Once as many as are asked for
-- have more in the heads than one can have that is in none, nobody else belongs here. So the long tail
-- is never read (the threshold algorithm of Fagin, Lotem and Naor, 2001), and in full only those are
-- that can still be among the first.
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
    least  bigint;
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
            -- A list that was read to its end has nothing else.
            SELECT report_date, process_type, release_channel,
                   CASE WHEN count(*) = depth THEN min(report_count) ELSE 0 END AS rest
            FROM heads GROUP BY report_date, process_type, release_channel
        ), candidates AS (
            SELECT heads.signature_id, sum(heads.report_count) AS seen, sum(ends.rest) AS rest
            FROM heads JOIN ends USING (report_date, process_type, release_channel)
            GROUP BY heads.signature_id
        ), bounds AS (
            SELECT (SELECT coalesce(sum(rest), 0) FROM ends) AS unseen,
                   (SELECT seen FROM candidates ORDER BY seen DESC OFFSET p_max - 1 LIMIT 1) AS least
        )
        SELECT bounds.unseen, bounds.least, ARRAY(
            SELECT candidates.signature_id FROM candidates
            WHERE candidates.seen + bounds.unseen - candidates.rest >= coalesce(bounds.least, 0))
        INTO unseen, least, known
        FROM bounds;
        EXIT WHEN unseen = 0 OR least > unseen;
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
