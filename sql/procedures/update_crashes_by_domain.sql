-- Reports of a day by the site that was shown, as scheme and host, and signature.
CREATE OR REPLACE FUNCTION update_crashes_by_domain(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('crashes_by_domain', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM crashes_by_domain WHERE report_date = p_day;
    INSERT INTO crashes_by_domain (report_date, product_version_id, domain_id, signature_id,
        report_count)
    SELECT p_day, product_version_id, domain_id, signature_id, count(*)
    FROM reports_clean
    WHERE crash_day = p_day AND domain_id IS DISTINCT FROM (
        SELECT domains.domain_id FROM domains WHERE domains.domain = '')
    GROUP BY product_version_id, domain_id, signature_id;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('crashes_by_domain', p_day, began, made);
END
$$;
