-- Reports of nightly and aurora builds by their age: known builds, up to 14 days old.
CREATE OR REPLACE FUNCTION update_nightly_builds(p_day date) RETURNS bigint
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
    IF NOT begin_summary('nightly_builds', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM nightly_builds WHERE report_date = p_day;
    INSERT INTO nightly_builds (product_version_id, build_date, report_date, days_out, report_count)
    SELECT product_version_id, builds.build_date, p_day, p_day - builds.build_date, count(*)
    FROM reports_clean
    JOIN (
        SELECT DISTINCT product_version_id, build_id AS build, build_date(build_id) AS build_date
        FROM product_version_builds
        JOIN product_versions USING (product_version_id)
        WHERE product_versions.build_type IN ('Nightly', 'Aurora')
    ) AS builds USING (product_version_id, build)
    WHERE crash_day = p_day AND builds.build_date BETWEEN p_day - 14 AND p_day
    GROUP BY product_version_id, builds.build_date;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('nightly_builds', p_day, began, made);
END
$$;
