-- A processor says good-bye: what it still holds goes back at once and has lost nothing by it.
-- Returns how many jobs that were.
CREATE OR REPLACE FUNCTION leave_processor(p_processor bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    returned bigint;
BEGIN
    DELETE FROM processors WHERE processors.id = p_processor;
    UPDATE jobs
    SET state = 'queued', owner = NULL, assigned_until = NULL, lease_until = NULL, token = NULL,
        again = false,
        attempts = jobs.attempts - (jobs.state = 'taken')::integer
    WHERE jobs.owner = p_processor;
    GET DIAGNOSTICS returned = ROW_COUNT;
    IF returned > 0 THEN
        PERFORM pg_notify('auxilio_jobs', '');
    END IF;
    RETURN returned;
END
$$;
