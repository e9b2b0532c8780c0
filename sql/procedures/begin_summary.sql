-- Opens the run of a summary for a day. False if the day's week is sealed: nothing is counted anew
-- then, and that somebody tried is counted.
--
-- One run at a time, whatever it counts: a summary reads what others write, and a run that waited
-- reads with its next statement what the one before it has written (READ COMMITTED).
CREATE OR REPLACE FUNCTION begin_summary(p_name text, p_day date) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio summaries'));
    UPDATE sealed_weeks SET refused = refused + 1
    WHERE week = date_trunc('week', p_day::timestamp)::date;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    PERFORM log_run(p_name, p_day::timestamp AT TIME ZONE 'UTC',
        (p_day + 1)::timestamp AT TIME ZONE 'UTC', clock_timestamp(), 0, 'the week is sealed');
    RETURN false;
END
$$;
