-- Ends jobs for the holder of their leases: the rows go, their outcomes stay.
--
-- Answers for each, by its place in the arrays from 1 on: 'completed'; 'queued_again' if somebody
-- asked for the crash in the meantime, so that the job goes on; 'refused' if the lease is not the
-- caller's, and nothing was changed. A holder who lost our first answer and calls again gets
-- 'completed' again.
CREATE OR REPLACE FUNCTION complete_jobs(
    p_uuids       text[],
    p_tokens      bigint[],
    p_generations bigint[],
    p_outcomes    text[]
) RETURNS TABLE (place bigint, answer text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- A plan made while the queue was short must not read all of it once it is long.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
-- What is switched off counts as dear where it can't be avoided, and dear plans are compiled.
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT told.* FROM unnest(p_uuids, p_tokens, p_generations, p_outcomes)
            WITH ORDINALITY AS told (uuid, token, generation, outcome, place)
    ), held AS MATERIALIZED (
        -- Locked in the order of ids, so that two callers never wait for each other in a circle.
        SELECT jobs.*, (
            SELECT told.outcome FROM told
            WHERE told.uuid = jobs.uuid AND told.token = jobs.token LIMIT 1) AS outcome
        FROM jobs
        WHERE jobs.uuid = ANY (p_uuids) AND jobs.state = 'taken'
          AND EXISTS (
            SELECT FROM told
            WHERE told.uuid = jobs.uuid AND told.token = jobs.token
              AND told.generation = jobs.generation)
        ORDER BY jobs.uuid
        FOR UPDATE OF jobs
    ), ended AS (
        DELETE FROM jobs USING held WHERE jobs.uuid = held.uuid AND NOT held.again
    ), noted AS (
        INSERT INTO job_outcomes (uuid, outcome, lane, received_at, queued_at, owner, token,
            generation, attempts, deaths, lost_leases, last_error)
        SELECT held.uuid, held.outcome, held.lane, held.received_at, held.queued_at, held.owner,
            held.token, held.generation, held.attempts, held.deaths, held.lost_leases,
            held.last_error
        FROM held WHERE NOT held.again
    ), queued AS (
        UPDATE jobs
        SET state = 'queued', again = false, due_at = now(), queued_at = now(), owner = NULL,
            lease_until = NULL, token = NULL, attempts = 0, deaths = 0, lost_leases = 0,
            last_error = NULL
        FROM held WHERE jobs.uuid = held.uuid AND held.again
    )
    SELECT told.place, CASE
        -- Wakes the processors, in the one case in which there is something to take.
        WHEN held.again THEN (SELECT 'queued_again' FROM pg_notify('auxilio_jobs', ''))
        WHEN held.uuid IS NOT NULL THEN 'completed'
        WHEN EXISTS (
            SELECT FROM job_outcomes AS before
            WHERE before.uuid = told.uuid AND before.token = told.token
              AND before.generation = told.generation AND before.outcome = told.outcome)
            THEN 'completed'
        ELSE 'refused' END
    FROM told
    LEFT JOIN held ON held.uuid = told.uuid AND held.token = told.token
        AND held.generation = told.generation
    ORDER BY told.place;
END
$$;
