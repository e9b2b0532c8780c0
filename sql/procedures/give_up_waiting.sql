-- Ends, as 'never_arrived', those of the given jobs that have waited for their raw crash longer
-- than a crash can lie in a spool. The caller has just seen that the store has none of them.
-- Returns how many ended.
CREATE OR REPLACE FUNCTION give_up_waiting(
    p_uuids           text[],
    p_max_age_seconds double precision
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    ended bigint;
BEGIN
    WITH given_up AS (
        DELETE FROM jobs
        WHERE jobs.uuid = ANY (p_uuids) AND jobs.state = 'waiting_for_raw'
          AND jobs.queued_at <= now() - make_interval(secs => p_max_age_seconds)
        RETURNING jobs.*
    )
    INSERT INTO job_outcomes (uuid, outcome, lane, received_at, queued_at, attempts, deaths,
        lost_leases)
    SELECT given_up.uuid, 'never_arrived', given_up.lane, given_up.received_at,
        given_up.queued_at, given_up.attempts, given_up.deaths, given_up.lost_leases
    FROM given_up;
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;
