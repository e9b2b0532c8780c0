-- Crashes of a day by kind, version and system. Kinds: C browser, P plugin, T content, c and p the
-- two sides of a hang, H hangs (each hang id once). Versions from before rapid releases count their
-- reports while they are visible; the others their clean ones. A system that is not known is Unk.
CREATE OR REPLACE FUNCTION update_daily_crashes(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('daily_crashes', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM daily_crashes WHERE adu_day = p_day;
    INSERT INTO daily_crashes (count, report_type, productdims_id, os_short_name, adu_day)
    WITH crashes AS MATERIALIZED (
        SELECT product_version_id AS version_id, os_name, process_type, hang_id, count(*) AS many
        FROM reports_clean WHERE crash_day = p_day
        GROUP BY product_version_id, os_name, process_type, hang_id
        UNION ALL
        SELECT productdims.id, parts.os_name,
               lower(coalesce(nullif(reports.process_type, ''), 'browser')),
               coalesce(reports.hangid, ''), count(*)
        FROM productdims
        JOIN product_visibility ON product_visibility.productdims_id = productdims.id
        JOIN reports ON reports.product = productdims.product
            AND reports.version = productdims.version
        CROSS JOIN LATERAL os_parts(reports.os_name, '') AS parts
        WHERE reports.crash_day = p_day AND reports.completed_datetime IS NOT NULL
          AND p_day BETWEEN product_visibility.start_date AND product_visibility.end_date
          AND NOT product_visibility.ignore
          AND EXISTS (
            SELECT FROM product_info
            WHERE product_info.product_version_id = productdims.id)
        GROUP BY 1, 2, 3, 4
    ), coded AS (
        SELECT sum(many) AS many, version_id, os_name, CASE
            WHEN process_type = 'content' THEN 'T'
            WHEN process_type = 'plugin' AND hang_id <> '' THEN 'p'
            WHEN process_type = 'plugin' THEN 'P'
            WHEN process_type = 'browser' AND hang_id <> '' THEN 'c'
            ELSE 'C' END AS code
        FROM crashes GROUP BY version_id, os_name, code
        UNION ALL
        SELECT count(DISTINCT hang_id), version_id, os_name, 'H'
        FROM crashes WHERE hang_id <> '' GROUP BY version_id, os_name
    )
    SELECT coded.many, coded.code, coded.version_id, initcap(os_names.os_short_name), p_day
    FROM coded JOIN os_names USING (os_name);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('daily_crashes', p_day, began, made);
END
$$;
