-- Leases a job for a person, for so many seconds, and notes the run: nobody else works at the job
-- meanwhile, whatever the slot. It waits after no failure and moves no slot. Returns the proof of the
-- lease; NULL if another has it.
CREATE OR REPLACE FUNCTION take_by_hand(
    p_job   text,
    p_slot  timestamptz,
    p_lease double precision
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    given bigint;
BEGIN
    PERFORM FROM cron_jobs
    WHERE job = p_job AND (lease_until IS NULL OR lease_until <= now())
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE cron_runs SET outcome = 'lost', ended_at = now()
    FROM cron_jobs WHERE cron_jobs.job = p_job AND cron_runs.token = cron_jobs.token;
    UPDATE cron_jobs
    SET slot = p_slot, token = nextval('cron_tokens'),
        lease_until = now() + make_interval(secs => p_lease)
    WHERE job = p_job
    RETURNING token INTO given;
    INSERT INTO cron_runs (token, job, slot, by_hand) VALUES (given, p_job, p_slot, true);
    RETURN given;
END
$$;
