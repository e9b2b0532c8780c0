-- Puts a job back untouched, for a processor that stops or whose store is down: nothing is
-- counted against it. Due again after the given pause. False if the lease is not the caller's.
CREATE OR REPLACE FUNCTION return_job(
    p_uuid          text,
    p_token         bigint,
    p_pause_seconds double precision
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    job_lane text;
BEGIN
    -- Without a pause it keeps its place in the order.
    UPDATE jobs
    SET state = 'queued', owner = NULL, lease_until = NULL, token = NULL, again = false,
        attempts = jobs.attempts - 1,
        due_at = CASE WHEN p_pause_seconds > 0
                      THEN now() + make_interval(secs => p_pause_seconds)
                      ELSE jobs.due_at END
    WHERE jobs.uuid = p_uuid AND jobs.state = 'taken' AND jobs.token = p_token
    RETURNING jobs.lane INTO job_lane;
    IF job_lane IS NULL THEN
        RETURN false;
    END IF;
    IF p_pause_seconds <= 0 THEN
        PERFORM pg_notify('auxilio_jobs', job_lane);
    END IF;
    RETURN true;
END
$$;
