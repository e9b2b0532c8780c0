-- Counts anew what the planner knows of a table's weeks in a window, [from, to), where more rows changed
-- since the last time than a fiftieth part. The system does so by itself, but minutes later: until
-- then a day that has just been made has no statistics and is taken for one of a few rows, and joins with
-- it took time with the square of the day. A part of update_reports_clean.
CREATE OR REPLACE FUNCTION analyze_weeks(
    p_table text,
    p_from  timestamptz,
    p_to    timestamptz
) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    monday   date := date_trunc('week', p_from AT TIME ZONE 'UTC')::date;
    week     regclass;
    -- What this transaction wrote and took away: the system counts it at the end.
    own      bigint;
    -- The same when this transaction last analyzed the week. What others changed is asked once: the
    -- system answers a transaction the same each time.
    analyzed bigint;
    setting  text;
BEGIN
    WHILE monday::timestamp < p_to AT TIME ZONE 'UTC' LOOP
        week := to_regclass(format('public.%I', p_table || '_' || to_char(monday, 'YYYYMMDD')));
        own := pg_stat_get_xact_tuples_inserted(week) + pg_stat_get_xact_tuples_deleted(week);
        setting := 'auxilio.analyzed_' || week::oid;
        analyzed := nullif(current_setting(setting, true), '');
        IF (SELECT own - coalesce(analyzed, -pg_stat_get_mod_since_analyze(oid))
                       > greatest(reltuples, 0) / 50
            FROM pg_class WHERE oid = week) THEN
            EXECUTE format('ANALYZE %s', week);
            PERFORM set_config(setting, own::text, true);
        END IF;
        monday := monday + 7;
    END LOOP;
END
$$;
