-- Queues crashes that the store has and whose processing was forgotten, in lane 'reprocess': because
-- Postgres was restored from a dump that did not know them, say.
--
-- The caller has looked at the store first, and at the report's generation before that (NULL where
-- there was none). A crash that has a job, or whose report is another one by now, is left alone: it
-- was not forgotten. Returns the crashes that were queued.
CREATE OR REPLACE FUNCTION queue_forgotten(
    p_uuids       text[],
    p_received_at timestamptz[],
    p_seen        bigint[]
) RETURNS TABLE (uuid text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS (
        SELECT DISTINCT ON (told.uuid) told.*,
            make_date(2000 + substr(told.uuid, 31, 2)::integer,
                      substr(told.uuid, 33, 2)::integer,
                      substr(told.uuid, 35, 2)::integer) AS crash_day
        FROM unnest(p_uuids, p_received_at, p_seen) AS told (uuid, received_at, seen)
        ORDER BY told.uuid
    ), looked_up AS MATERIALIZED (
        -- LIMIT keeps it a look-up in one week for each crash.
        SELECT told.uuid, told.received_at, told.seen, report.generation
        FROM told LEFT JOIN LATERAL (
            SELECT reports.generation FROM reports
            WHERE reports.crash_day = told.crash_day AND reports.uuid = told.uuid
            LIMIT 1
        ) AS report ON true
    )
    -- In the order of ids, so that two callers never wait for each other in a circle.
    INSERT INTO jobs (uuid, lane, state, received_at, generation)
    SELECT looked_up.uuid, 'reprocess', 'queued', looked_up.received_at, looked_up.generation
    FROM looked_up
    WHERE looked_up.generation IS NOT DISTINCT FROM looked_up.seen
    ORDER BY looked_up.uuid
    ON CONFLICT (uuid) DO NOTHING
    RETURNING jobs.uuid;
    PERFORM pg_notify('auxilio_jobs', 'reprocess');
END
$$;
