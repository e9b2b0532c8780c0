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
    monday date := date_trunc('week', p_from AT TIME ZONE 'UTC')::date;
    week   regclass;
BEGIN
    WHILE monday::timestamp < p_to AT TIME ZONE 'UTC' LOOP
        week := to_regclass(format('public.%I', p_table || '_' || to_char(monday, 'YYYYMMDD')));
        -- Those of this transaction are counted apart.
        IF (SELECT pg_stat_get_mod_since_analyze(oid) + pg_stat_get_xact_tuples_inserted(oid)
                       + pg_stat_get_xact_tuples_deleted(oid) > greatest(reltuples, 0) / 50
            FROM pg_class WHERE oid = week) THEN
            EXECUTE format('ANALYZE %s', week);
        END IF;
        monday := monday + 7;
    END LOOP;
END
$$;
