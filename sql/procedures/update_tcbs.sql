-- Top crashers of a day: reports by signature, version, process type and channel. Every clean report
-- counts, whatever its version's sunset.
CREATE OR REPLACE FUNCTION update_tcbs(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('tcbs', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM tcbs WHERE report_date = p_day;
    INSERT INTO tcbs (signature_id, report_date, product_version_id, process_type, release_channel,
        report_count, win_count, mac_count, lin_count, hang_count, startup_count)
    SELECT signature_id, p_day, product_version_id, process_type, release_channel,
           count(*),
           count(*) FILTER (WHERE os_name = 'Windows'),
           count(*) FILTER (WHERE os_name = 'Mac OS X'),
           count(*) FILTER (WHERE os_name = 'Linux'),
           count(*) FILTER (WHERE hang_id <> ''),
           count(*) FILTER (WHERE uptime < interval '1 minute')
    FROM reports_clean
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, process_type, release_channel;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('tcbs', p_day, began, made);
END
$$;
