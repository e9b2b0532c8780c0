-- Ends a run that a person asked for: without an error it is done. How far the job has come is as it
-- was. False if the lease is not the caller's any more; a caller who lost our first answer and calls
-- again gets true again.
CREATE OR REPLACE FUNCTION end_hand_run(
    p_job   text,
    p_token bigint,
    p_count bigint,
    p_error text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE cron_jobs SET slot = NULL, token = NULL, lease_until = NULL
    WHERE job = p_job AND token = p_token;
    IF NOT FOUND THEN
        RETURN EXISTS (
            SELECT FROM cron_runs WHERE token = p_token AND outcome IN ('done', 'failed'));
    END IF;
    UPDATE cron_runs
    SET outcome = CASE WHEN p_error IS NULL THEN 'done' ELSE 'failed' END, ended_at = now(),
        count = p_count, error = p_error
    WHERE token = p_token;
    RETURN true;
END
$$;
