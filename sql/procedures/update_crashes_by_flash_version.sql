-- Reports of a day by the version of Flash.
CREATE OR REPLACE FUNCTION update_crashes_by_flash_version(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('crashes_by_flash_version', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM crashes_by_flash_version WHERE report_date = p_day;
    INSERT INTO crashes_by_flash_version (report_date, product_version_id, flash_version_id,
        report_count)
    SELECT p_day, product_version_id, flash_version_id, count(*)
    FROM reports_clean
    WHERE crash_day = p_day
    GROUP BY product_version_id, flash_version_id;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('crashes_by_flash_version', p_day, began, made);
END
$$;
