-- Asks for a crash that the store does not have yet, on behalf of a client: a new job waits for
-- its raw crash. A job that is there already is raised to the lane 'priority'.
--
-- Returns the state that the job is in now; 'too_many' if the client, or all clients together,
-- have as many jobs waiting as they may, and nothing was changed.
CREATE OR REPLACE FUNCTION await_raw(
    p_uuid       text,
    p_client     text,
    p_client_max bigint,
    p_max        bigint
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    state_now text;
BEGIN
    -- One at a time: two who ask at once are counted both.
    PERFORM pg_advisory_xact_lock(hashtext('auxilio await_raw'));
    UPDATE jobs
    SET lane = 'priority',
        owner = CASE jobs.state WHEN 'taken' THEN jobs.owner END,
        assigned_until = NULL,
        due_at = least(jobs.due_at, now())
    WHERE jobs.uuid = p_uuid
    RETURNING jobs.state INTO state_now;
    IF state_now IS NOT NULL THEN
        PERFORM pg_notify('auxilio_jobs', 'priority');
        RETURN state_now;
    END IF;

    IF (SELECT count(*) FROM jobs
        WHERE jobs.state = 'waiting_for_raw' AND jobs.asked_by = p_client) >= p_client_max
       OR (SELECT count(*) FROM jobs WHERE jobs.state = 'waiting_for_raw') >= p_max THEN
        RETURN 'too_many';
    END IF;
    INSERT INTO jobs (uuid, lane, state, asked_by)
    VALUES (p_uuid, 'priority', 'waiting_for_raw', p_client)
    -- The monitor may have queued it a moment ago.
    ON CONFLICT (uuid) DO UPDATE
    SET lane = 'priority', owner = CASE jobs.state WHEN 'taken' THEN jobs.owner END,
        assigned_until = NULL
    RETURNING jobs.state INTO state_now;
    PERFORM pg_notify('auxilio_waiting', '');
    RETURN state_now;
END
$$;
