-- Opens a run over a window of time, [from, to). False if it touches a sealed week: then nothing of
-- it is counted anew, and that somebody tried is counted.
--
-- One run at a time, whatever it counts: a summary reads what others write, and a run that waited
-- reads with its next statement what the one before it has written (READ COMMITTED).
CREATE OR REPLACE FUNCTION begin_window(
    p_name text,
    p_from timestamptz,
    p_to   timestamptz
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio summaries'));
    UPDATE sealed_weeks SET refused = refused + 1
    WHERE week > (p_from AT TIME ZONE 'UTC')::date - 7
      AND week::timestamp < p_to AT TIME ZONE 'UTC';
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    PERFORM log_run(p_name, p_from, p_to, clock_timestamp(), 0, 'the week is sealed');
    RETURN false;
END
$$;
