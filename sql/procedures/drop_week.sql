-- Drops a week of reports and all that hangs on them, and seals it: what was counted stays. False if
-- marks of it are still to be counted, or if it is sealed and nothing of it is there.
CREATE OR REPLACE FUNCTION drop_week(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    monday date := date_trunc('week', p_day::timestamp)::date;
    parent text;
    gone   boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio summaries'));
    PERFORM refuse_sealed_marks();
    IF EXISTS (
           SELECT FROM dirty_hours
           WHERE date_trunc('week', hour AT TIME ZONE 'UTC')::date = monday)
       OR EXISTS (
           SELECT FROM dirty_days WHERE date_trunc('week', day::timestamp)::date = monday) THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY weekly_tables() LOOP
        IF to_regclass(format('public.%I', parent || '_' || to_char(monday, 'YYYYMMDD')))
               IS NOT NULL THEN
            EXECUTE format('DROP TABLE %I', parent || '_' || to_char(monday, 'YYYYMMDD'));
            gone := true;
        END IF;
    END LOOP;
    IF gone THEN
        INSERT INTO sealed_weeks (week) VALUES (monday) ON CONFLICT DO NOTHING;
        INSERT INTO audit (action, object) VALUES ('drop_week', monday::text);
    END IF;
    RETURN gone;
END
$$;
