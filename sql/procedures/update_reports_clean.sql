-- Clean reports of a window, [from, to) by date_processed: reports_clean, reports_user_info, and
-- reports_bad for those that have no channel or version here. Returns the clean rows of the window.
CREATE OR REPLACE FUNCTION update_reports_clean(
    p_from timestamptz,
    p_to   timestamptz
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET client_min_messages = warning
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    clean bigint;
BEGIN
    IF NOT begin_window('reports_clean', p_from, p_to) THEN
        RETURN 0;
    END IF;
    PERFORM ensure_clean_partitions(p_from, p_to);
    PERFORM read_new_clean(p_from, p_to);
    PERFORM add_lookups();

    DROP TABLE IF EXISTS pg_temp.clean_rows, pg_temp.user_rows, pg_temp.bad_rows;
    CREATE TEMPORARY TABLE clean_rows (LIKE reports_clean) ON COMMIT DROP;
    INSERT INTO clean_rows
    SELECT new.uuid, new.date_processed, new.client_crash_date, new.product_version_id,
           new.build_id, signatures.signature_id, new.install_age, new.uptime, reasons.reason_id,
           addresses.address_id, new.os_name, os_versions.os_version_id, new.hang_id,
           flash_versions.flash_version_id, new.process_type, new.release_channel,
           duplicates.duplicate_of, domains.domain_id, urls.url_id, new.architecture, new.cores,
           new.crash_day
    FROM new_clean AS new
    JOIN signatures USING (signature)
    JOIN reasons USING (reason)
    JOIN addresses USING (address)
    JOIN domains USING (domain)
    JOIN urls ON urls.url = new.page
    JOIN flash_versions USING (flash_version)
    JOIN os_versions USING (os_name, major_version, minor_version)
    LEFT JOIN reports_duplicates AS duplicates
        ON duplicates.crash_day = new.crash_day AND duplicates.uuid = new.uuid
    WHERE new.product_version_id IS NOT NULL;
    GET DIAGNOSTICS clean = ROW_COUNT;

    CREATE TEMPORARY TABLE user_rows (LIKE reports_user_info) ON COMMIT DROP;
    INSERT INTO user_rows
    SELECT reports.uuid, reports.date_processed, reports.user_comments, reports.app_notes,
           reports.email, reports.url, reports.crash_day
    FROM reports
    JOIN new_clean AS new ON new.crash_day = reports.crash_day AND new.uuid = reports.uuid
    WHERE reports.crash_day BETWEEN
              (p_from AT TIME ZONE 'UTC')::date AND (p_to AT TIME ZONE 'UTC')::date
      AND reports.date_processed >= p_from AND reports.date_processed < p_to
      AND new.product_version_id IS NOT NULL
      AND (reports.user_comments <> '' OR reports.app_notes <> '' OR reports.email <> ''
           OR reports.url <> '');

    CREATE TEMPORARY TABLE bad_rows (LIKE reports_bad) ON COMMIT DROP;
    INSERT INTO bad_rows
    SELECT uuid, date_processed,
           CASE WHEN release_channel IS NULL THEN 'no channel' ELSE 'no version' END,
           product, version, said_channel, build, crash_day
    FROM new_clean
    WHERE product_version_id IS NULL;

    ANALYZE clean_rows;
    ANALYZE user_rows;
    ANALYZE bad_rows;
    PERFORM replace_window('reports_clean', 'clean_rows', p_from, p_to);
    PERFORM replace_window('reports_user_info', 'user_rows', p_from, p_to);
    PERFORM replace_window('reports_bad', 'bad_rows', p_from, p_to);
    PERFORM analyze_weeks('reports_clean', p_from, p_to);
    PERFORM log_run('reports_clean', p_from, p_to, began, clean, NULL);
    RETURN clean;
END
$$;
