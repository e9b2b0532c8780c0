-- Gives the lease of a job whose row the caller has locked and found free, for so many seconds, and notes
-- the run; one whose lease ran out is noted as lost. Returns the proof of the lease. A part of
-- take_slot and take_by_hand.
CREATE OR REPLACE FUNCTION lease_job(
    p_job     text,
    p_slot    timestamptz,
    p_lease   double precision,
    p_by_hand boolean
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    given bigint;
BEGIN
    UPDATE cron_runs SET outcome = 'lost', ended_at = now()
    FROM cron_jobs WHERE cron_jobs.job = p_job AND cron_runs.token = cron_jobs.token;
    UPDATE cron_jobs
    SET slot = p_slot, token = nextval('cron_tokens'),
        lease_until = now() + make_interval(secs => p_lease)
    WHERE job = p_job
    RETURNING token INTO given;
    INSERT INTO cron_runs (token, job, slot, by_hand) VALUES (given, p_job, p_slot, p_by_hand);
    RETURN given;
END
$$;
