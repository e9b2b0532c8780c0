-- Which reports of a window, [from, to) by date_processed, are likely the same crash sent twice.
--
-- Reports that agree in all that they say of program, machine and crash are compared within one
-- hour, a new hour beginning every 30 minutes. The first by client_crash_date and uuid leads. Another
-- is its duplicate if process and installation began at the same two moments as the leader's, to 60
-- seconds (or it crashed within a minute of its start, or does not say). A leader stands in the table
-- as its own duplicate. A report that two hours name is what the earlier one says: so the result does
-- not depend on which windows were run, in what order or how often. Returns the window's rows.
CREATE OR REPLACE FUNCTION update_reports_duplicates(
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
    began     timestamptz := clock_timestamp();
    first_day date := (p_from AT TIME ZONE 'UTC')::date;
    last_day  date := (p_to AT TIME ZONE 'UTC')::date;
    found_    bigint;
BEGIN
    IF NOT begin_window('reports_duplicates', p_from, p_to) THEN
        RETURN 0;
    END IF;
    DROP TABLE IF EXISTS pg_temp.found_duplicates;
    CREATE TEMPORARY TABLE found_duplicates ON COMMIT DROP AS
    WITH told AS (
        SELECT uuid, date_processed, client_crash_date, uptime::numeric AS uptime,
               install_age::numeric AS install_age,
               md5(ROW(product, version, build, signature, cpu_name, cpu_info, os_name,
                   os_version, address, topmost_filenames, reason, app_notes, url)::text) AS alike
        FROM reports
        WHERE crash_day BETWEEN first_day - 1 AND last_day + 1
          AND date_processed BETWEEN p_from - interval '1 hour' AND p_to + interval '1 hour'
    ), several AS (
        SELECT * FROM (SELECT told.*, count(*) OVER (PARTITION BY alike) AS many FROM told) AS t
        WHERE many > 1
    ), placed AS (
        SELECT several.*, hours.begins,
               first_value(uuid) OVER first AS leader,
               first_value(date_processed) OVER first AS leader_date,
               first_value(client_crash_date) OVER first AS leader_crash_date,
               first_value(uptime) OVER first AS leader_uptime,
               first_value(install_age) OVER first AS leader_install_age
        FROM several
        CROSS JOIN LATERAL (
            SELECT date_bin('30 minutes', several.date_processed, '2000-01-01 00:00+00')
                - back * interval '30 minutes' AS begins
            FROM generate_series(0, 2) AS back) AS hours
        -- Both ends belong to an hour, as in the original.
        WHERE several.date_processed <= hours.begins + interval '1 hour'
        WINDOW first AS (PARTITION BY alike, hours.begins ORDER BY client_crash_date, uuid)
    ), followers AS (
        SELECT * FROM placed
        WHERE uuid <> leader
          AND (uptime < 60 OR uptime IS NULL OR leader_uptime IS NULL
               OR abs(extract(epoch FROM client_crash_date - leader_crash_date)
                      - (uptime - leader_uptime)) <= 60)
          AND (install_age IS NULL OR leader_install_age IS NULL
               OR abs(extract(epoch FROM client_crash_date - leader_crash_date)
                      - (install_age - leader_install_age)) <= 60)
    )
    SELECT DISTINCT ON (uuid) uuid, duplicate_of, date_processed,
           (date_processed AT TIME ZONE 'UTC')::date AS crash_day
    FROM (
        SELECT uuid, leader AS duplicate_of, date_processed, begins FROM followers
        UNION ALL
        SELECT leader, leader, leader_date, begins FROM followers) AS named
    WHERE date_processed >= p_from AND date_processed < p_to
    ORDER BY uuid, begins;
    GET DIAGNOSTICS found_ = ROW_COUNT;

    PERFORM ensure_clean_partitions(p_from, p_to);
    WITH gone AS (
        DELETE FROM reports_duplicates AS old
        WHERE old.crash_day BETWEEN first_day AND last_day
          AND old.date_processed >= p_from AND old.date_processed < p_to
          AND NOT EXISTS (
            SELECT FROM found_duplicates AS new
            WHERE new.uuid = old.uuid AND new.duplicate_of = old.duplicate_of
              AND new.date_processed = old.date_processed)
        RETURNING crash_day, uuid
    )
    -- Clean reports that say otherwise are to be made again.
    INSERT INTO dirty_hours
    SELECT DISTINCT date_trunc('hour', clean.date_processed, 'UTC')
    FROM gone JOIN reports_clean AS clean USING (crash_day, uuid);
    WITH made AS (
        INSERT INTO reports_duplicates (uuid, duplicate_of, date_processed, crash_day)
        SELECT uuid, duplicate_of, date_processed, crash_day FROM found_duplicates AS new
        WHERE NOT EXISTS (
            SELECT FROM reports_duplicates AS old
            WHERE old.crash_day = new.crash_day AND old.uuid = new.uuid)
        RETURNING crash_day, uuid
    )
    INSERT INTO dirty_hours
    SELECT DISTINCT date_trunc('hour', clean.date_processed, 'UTC')
    FROM made JOIN reports_clean AS clean USING (crash_day, uuid);
    PERFORM log_run('reports_duplicates', p_from, p_to, began, found_, NULL);
    RETURN found_;
END
$$;
