-- Ends a run that failed: the slot is free again, and due after so many seconds. False if the lease is
-- not the caller's any more; a holder who lost our first answer and calls again gets true again.
CREATE OR REPLACE FUNCTION fail_slot(
    p_job   text,
    p_token bigint,
    p_error text,
    p_pause double precision
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE cron_jobs
    SET slot = NULL, token = NULL, lease_until = NULL,
        due_at = now() + make_interval(secs => p_pause),
        last_error = p_error, last_error_at = now(), error_count = error_count + 1
    WHERE job = p_job AND token = p_token;
    IF NOT FOUND THEN
        RETURN EXISTS (SELECT FROM cron_runs WHERE token = p_token AND outcome = 'failed');
    END IF;
    UPDATE cron_runs SET outcome = 'failed', ended_at = now(), error = p_error
    WHERE token = p_token;
    RETURN true;
END
$$;
