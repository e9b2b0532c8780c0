-- Makes the day of job_outcomes, if it is not there. True if it was made.
CREATE OR REPLACE FUNCTION ensure_outcomes_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    partition text := 'job_outcomes_' || to_char(p_day, 'YYYYMMDD');
BEGIN
    -- One at a time: who comes second finds it made.
    PERFORM pg_advisory_xact_lock(hashtext('auxilio ensure_partition'));
    IF to_regclass(format('public.%I', partition)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I (LIKE job_outcomes INCLUDING ALL, CHECK (ended_on >= %L AND ended_on < %L))',
        partition, p_day, p_day + 1);
    EXECUTE format(
        'ALTER TABLE job_outcomes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, p_day, p_day + 1);
    RETURN true;
END
$$;
