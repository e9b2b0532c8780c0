-- Forgets runs, server status and the outcomes of jobs from before a day. Returns rows and partitions
-- that went.
CREATE OR REPLACE FUNCTION forget_runs(p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    gone  bigint;
    total bigint := 0;
    part  text;
BEGIN
    DELETE FROM cron_runs WHERE started_at < p_before::timestamp AT TIME ZONE 'UTC'
        AND outcome <> 'running';
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM update_runs WHERE started_at < p_before::timestamp AT TIME ZONE 'UTC';
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM server_status WHERE date_created < p_before::timestamp AT TIME ZONE 'UTC';
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    FOR part IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'job_outcomes'::regclass
          AND relname < 'job_outcomes_' || to_char(p_before, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        total := total + 1;
    END LOOP;
    RETURN total;
END
$$;
