-- When each signature was seen first, by version: signatures, signature_products and its rollup.
-- Returns the rows of signature_days of the day.
--
-- Each day keeps the first report of its own. A day that comes earlier moves the first of all; a day
-- that held it and lost it has the first looked for among the days that are left.
CREATE OR REPLACE FUNCTION update_signatures(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET client_min_messages = warning
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('signatures', p_day) THEN
        RETURN 0;
    END IF;
    DROP TABLE IF EXISTS pg_temp.day_before, pg_temp.changed_pairs;
    CREATE TEMPORARY TABLE day_before ON COMMIT DROP AS
    SELECT * FROM signature_days WHERE report_date = p_day;
    DELETE FROM signature_days WHERE report_date = p_day;
    INSERT INTO signature_days (report_date, signature_id, product_version_id, first_report,
        first_build)
    SELECT p_day, signature_id, product_version_id, min(date_processed), min(build)
    FROM reports_clean WHERE crash_day = p_day
    GROUP BY signature_id, product_version_id;
    GET DIAGNOSTICS made = ROW_COUNT;

    -- Pairs of which this day says something else than before, with the first of all days.
    CREATE TEMPORARY TABLE changed_pairs ON COMMIT DROP AS
    SELECT pair.signature_id, pair.product_version_id, found.first_report, found.first_build
    FROM (
        SELECT signature_id, product_version_id,
               old.signature_id IS NOT NULL AS had, new.first_report, new.first_build
        FROM (SELECT * FROM signature_days WHERE report_date = p_day) AS new
        FULL JOIN day_before AS old USING (signature_id, product_version_id)
        WHERE (old.first_report, old.first_build)
            IS DISTINCT FROM (new.first_report, new.first_build)
    ) AS pair
    LEFT JOIN signature_products AS known USING (signature_id, product_version_id)
    CROSS JOIN LATERAL (
        SELECT least(known.first_report, pair.first_report) AS first_report,
               least(known.first_build, pair.first_build) AS first_build
        WHERE NOT pair.had
        UNION ALL
        SELECT min(days.first_report), min(days.first_build)
        FROM signature_days AS days
        WHERE pair.had AND days.signature_id = pair.signature_id
          AND days.product_version_id = pair.product_version_id
        HAVING pair.had) AS found;
    ANALYZE changed_pairs;

    DELETE FROM signature_products AS known USING changed_pairs AS pair
    WHERE known.signature_id = pair.signature_id
      AND known.product_version_id = pair.product_version_id AND pair.first_report IS NULL;
    INSERT INTO signature_products (signature_id, product_version_id, first_report, first_build)
    SELECT signature_id, product_version_id, first_report, first_build FROM changed_pairs
    WHERE first_report IS NOT NULL
    ON CONFLICT (signature_id, product_version_id) DO UPDATE
    SET first_report = excluded.first_report, first_build = excluded.first_build
    WHERE (signature_products.first_report, signature_products.first_build)
        IS DISTINCT FROM (excluded.first_report, excluded.first_build);
    PERFORM roll_up_signatures();
    RETURN end_summary('signatures', p_day, began, made);
END
$$;
