-- What is said of a signature on a day: its reports by system, uptime, version, architecture, process
-- type and Flash, each kind in a table of its own. A report that says no uptime is not in that one.
CREATE OR REPLACE FUNCTION update_signature_summary(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
    total bigint := 0;
BEGIN
    IF NOT begin_summary('signature_summary', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM signature_summary_os WHERE report_date = p_day;
    INSERT INTO signature_summary_os (signature_id, report_date, product_version_id,
        os_version_string, report_count)
    SELECT signature_id, p_day, product_version_id, os_version_string, count(*)
    FROM reports_clean JOIN os_versions USING (os_version_id)
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, os_version_string;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    DELETE FROM signature_summary_uptime WHERE report_date = p_day;
    INSERT INTO signature_summary_uptime (signature_id, report_date, product_version_id,
        uptime_string, report_count)
    SELECT signature_id, p_day, product_version_id, uptime_string, count(*)
    FROM reports_clean JOIN uptime_levels ON uptime >= min_uptime AND uptime < max_uptime
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, uptime_string;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    DELETE FROM signature_summary_products WHERE report_date = p_day;
    INSERT INTO signature_summary_products (signature_id, report_date, product_version_id,
        report_count)
    SELECT signature_id, p_day, product_version_id, count(*)
    FROM reports_clean
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    DELETE FROM signature_summary_architecture WHERE report_date = p_day;
    INSERT INTO signature_summary_architecture (signature_id, report_date, product_version_id,
        architecture, report_count)
    SELECT signature_id, p_day, product_version_id, coalesce(architecture, ''), count(*)
    FROM reports_clean
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, coalesce(architecture, '');
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    DELETE FROM signature_summary_process_type WHERE report_date = p_day;
    INSERT INTO signature_summary_process_type (signature_id, report_date, product_version_id,
        process_type, report_count)
    SELECT signature_id, p_day, product_version_id, process_type, count(*)
    FROM reports_clean
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, process_type;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    DELETE FROM signature_summary_flash_version WHERE report_date = p_day;
    INSERT INTO signature_summary_flash_version (signature_id, report_date, product_version_id,
        flash_version, report_count)
    SELECT signature_id, p_day, product_version_id, flash_version, count(*)
    FROM reports_clean JOIN flash_versions USING (flash_version_id)
    WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id, flash_version;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
    RETURN end_summary('signature_summary', p_day, began, total);
END
$$;
