-- Prolongs leases from now on. Returns the crashes whose lease the caller still holds; of any
-- other the work is lost and may be stopped.
CREATE OR REPLACE FUNCTION renew_leases(
    p_uuids         text[],
    p_tokens        bigint[],
    p_lease_seconds double precision
) RETURNS TABLE (uuid text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH held AS MATERIALIZED (
        -- Locked in the order of ids, so that two callers never wait for each other in a circle.
        SELECT jobs.uuid FROM jobs
        JOIN unnest(p_uuids, p_tokens) AS pair (uuid, token)
          ON jobs.uuid = pair.uuid AND jobs.token = pair.token
        WHERE jobs.state = 'taken'
        ORDER BY jobs.uuid
        FOR UPDATE OF jobs
    )
    UPDATE jobs SET lease_until = now() + make_interval(secs => p_lease_seconds)
    FROM held WHERE jobs.uuid = held.uuid
    RETURNING jobs.uuid;
END
$$;
