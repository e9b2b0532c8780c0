-- The rank of each signature among those of its version on a day, and its share of the reports.
CREATE OR REPLACE FUNCTION update_rank_compare(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('rank_compare', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM rank_compare WHERE report_date = p_day;
    INSERT INTO rank_compare (product_version_id, signature_id, rank_days, report_count,
        total_reports, rank_report_count, percent_of_total, report_date)
    SELECT product_version_id, signature_id, 1, report_count,
           sum(report_count) OVER version,
           dense_rank() OVER (PARTITION BY product_version_id ORDER BY report_count DESC),
           round(report_count::numeric / sum(report_count) OVER version, 5), p_day
    FROM (
        SELECT product_version_id, signature_id, count(*) AS report_count
        FROM reports_clean WHERE crash_day = p_day
        GROUP BY product_version_id, signature_id) AS counted
    WINDOW version AS (PARTITION BY product_version_id);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('rank_compare', p_day, began, made);
END
$$;
