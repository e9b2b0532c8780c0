-- Puts a job back after a failure, due again after a pause that doubles with each attempt, from
-- about 2 seconds to about 10 minutes. A failure that the dump itself caused, by killing its
-- walker, is counted as a death. False if the lease is not the caller's.
CREATE OR REPLACE FUNCTION fail_job(
    p_uuid  text,
    p_token bigint,
    p_error text,
    p_death boolean
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    -- Spread by a quarter each way, so that jobs that failed together don't come back together.
    UPDATE jobs
    SET state = 'queued', owner = NULL, lease_until = NULL, token = NULL,
        -- Whoever asked meanwhile gets the next run.
        again = false,
        last_error = p_error,
        deaths = jobs.deaths + p_death::integer,
        due_at = now() + (0.75 + random() / 2)
            * least(interval '10 minutes', interval '1 second' * 2 ^ least(jobs.attempts, 10))
    WHERE jobs.uuid = p_uuid AND jobs.state = 'taken' AND jobs.token = p_token;
    RETURN FOUND;
END
$$;
