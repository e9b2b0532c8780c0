-- Hangs whose plugin's crash came on a day, each with its browser's crash of the same hang id, from
-- the day before to the day after. Of several browser's crashes the one with the least crash id: the
-- original took the least value of each column, which made a row of several crashes.
CREATE OR REPLACE FUNCTION update_hang_report(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET work_mem = '64MB'
-- A day that has just been made has no statistics, and is then taken for one of a few rows: each plugin's
-- crash read through the index of all days, and the time grew with the square of the day.
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    made  bigint;
BEGIN
    IF NOT begin_summary('hang_report', p_day) THEN
        RETURN 0;
    END IF;
    DELETE FROM daily_hangs WHERE report_date = p_day;
    INSERT INTO daily_hangs (uuid, plugin_uuid, report_date, product_version_id,
        browser_signature_id, plugin_signature_id, hang_id, flash_version_id, url, duplicates)
    SELECT DISTINCT ON (plugin.uuid)
           browser.uuid, plugin.uuid, p_day, browser.product_version_id, browser.signature_id,
           plugin.signature_id, plugin.hang_id, plugin.flash_version_id, pages.url,
           nullif(array_remove(ARRAY[browser.duplicate_of, plugin.duplicate_of], NULL), '{}')
    FROM reports_clean AS plugin
    JOIN reports_clean AS browser ON browser.hang_id = plugin.hang_id
        AND browser.crash_day BETWEEN p_day - 1 AND p_day + 1
        AND browser.process_type = 'browser' AND browser.hang_id <> ''
    JOIN signatures ON signatures.signature_id = browser.signature_id
    LEFT JOIN reports_user_info AS pages
        ON pages.crash_day = browser.crash_day AND pages.uuid = browser.uuid
        AND pages.crash_day BETWEEN p_day - 1 AND p_day + 1
    WHERE plugin.crash_day = p_day AND plugin.process_type = 'plugin' AND plugin.hang_id <> ''
      AND signatures.signature LIKE 'hang | %'
    ORDER BY plugin.uuid, browser.uuid;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN end_summary('hang_report', p_day, began, made);
END
$$;
