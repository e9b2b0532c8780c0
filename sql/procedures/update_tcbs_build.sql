-- Top crashers of a day by the day of their build, for builds that name one.
CREATE OR REPLACE FUNCTION update_tcbs_build(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
-- Where statistics don't know the day, it is taken for one of a few rows, and the list of builds was made
-- once for each report.
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('tcbs_build', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM tcbs_build WHERE report_date = p_day;
    INSERT INTO tcbs_build (signature_id, build_date, report_date, product_version_id, process_type,
        release_channel, report_count, win_count, mac_count, lin_count, hang_count, startup_count)
    SELECT signature_id, builds.build_date, p_day, product_version_id, process_type,
           release_channel, count(*),
           count(*) FILTER (WHERE os_name = 'Windows'),
           count(*) FILTER (WHERE os_name = 'Mac OS X'),
           count(*) FILTER (WHERE os_name = 'Linux'),
           count(*) FILTER (WHERE hang_id <> ''),
           count(*) FILTER (WHERE uptime < interval '1 minute')
    FROM reports_clean
    JOIN (
        SELECT build, build_date(build) AS build_date
        FROM (SELECT DISTINCT build FROM reports_clean WHERE crash_day = p_day) AS named
    ) AS builds USING (build)
    WHERE crash_day = p_day AND builds.build_date IS NOT NULL
    GROUP BY signature_id, builds.build_date, product_version_id, process_type, release_channel;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('tcbs_build', p_day, began, made);
END
$$;
