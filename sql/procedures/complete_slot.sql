-- Ends a slot as done: the job has come as far as this. False if the lease is not the caller's any
-- more. A holder who lost our first answer and calls again gets true again.
CREATE OR REPLACE FUNCTION complete_slot(p_job text, p_token bigint, p_count bigint)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE cron_jobs
    SET done_until = slot, slot = NULL, token = NULL, lease_until = NULL, due_at = now(),
        attempts = 0, last_success = now(), last_error = NULL, last_error_at = NULL,
        error_count = 0
    WHERE job = p_job AND token = p_token;
    IF NOT FOUND THEN
        RETURN EXISTS (SELECT FROM cron_runs WHERE token = p_token AND outcome = 'done');
    END IF;
    UPDATE cron_runs SET outcome = 'done', ended_at = now(), count = p_count
    WHERE token = p_token;
    RETURN true;
END
$$;
