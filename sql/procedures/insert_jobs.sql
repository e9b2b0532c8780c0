-- Queues new crashes in the standard lane. For the monitor alone, who assigns them next: that is
-- also what wakes the processors.
--
-- Says for each what became of it: 'inserted'; 'known' where it had a job already; 'reported'
-- where it has a report, so that nothing is left to do. In all three cases its row of the index
-- may go. Calling it again changes nothing.
CREATE OR REPLACE FUNCTION insert_jobs(
    p_uuids       text[],
    p_received_at timestamptz[]
) RETURNS TABLE (uuid text, result text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    told    text[];
    results text[];
    made    text[];
    ended   text[];
BEGIN
    WITH asked AS (
        SELECT DISTINCT ON (pair.uuid) pair.uuid, pair.received_at,
            make_date(2000 + substr(pair.uuid, 31, 2)::integer,
                      substr(pair.uuid, 33, 2)::integer,
                      substr(pair.uuid, 35, 2)::integer) AS crash_day
        FROM unnest(p_uuids, p_received_at) AS pair (uuid, received_at)
        ORDER BY pair.uuid, pair.received_at
    ), looked_up AS MATERIALIZED (
        -- LIMIT keeps it a look-up in one week for each crash, whatever the planner thinks of joins.
        SELECT asked.uuid, asked.received_at, report.there IS NOT NULL AS reported
        FROM asked LEFT JOIN LATERAL (
            SELECT true AS there FROM reports
            WHERE reports.crash_day = asked.crash_day AND reports.uuid = asked.uuid
            LIMIT 1
        ) AS report ON true
    ), inserted AS (
        -- In the order of ids, so that two callers never wait for each other in a circle.
        -- A clock that runs ahead must not make a crash due tomorrow.
        INSERT INTO jobs (uuid, lane, state, received_at, due_at)
        SELECT looked_up.uuid, 'standard', 'queued', looked_up.received_at,
            least(looked_up.received_at, now())
        FROM looked_up WHERE NOT looked_up.reported
        ORDER BY looked_up.uuid
        -- What somebody waited for has come.
        ON CONFLICT (uuid) DO UPDATE
            SET state = 'queued', asked_by = NULL, received_at = excluded.received_at,
                queued_at = now(), due_at = now()
            WHERE jobs.state = 'waiting_for_raw'
        RETURNING jobs.uuid, jobs.lane
    )
    SELECT array_agg(looked_up.uuid),
        array_agg(CASE WHEN looked_up.reported THEN 'reported'
                       WHEN inserted.uuid IS NOT NULL THEN 'inserted'
                       ELSE 'known' END),
        array_agg(inserted.uuid) FILTER (WHERE inserted.lane = 'standard')
    INTO told, results, made
    FROM looked_up LEFT JOIN inserted ON inserted.uuid = looked_up.uuid;

    -- A job that was ending at this moment is gone now, and its report, which could not be seen
    -- before, is there: the row that took its place is one too many, and nobody has seen it yet.
    WITH too_many AS (
        DELETE FROM jobs
        WHERE jobs.uuid = ANY (made) AND (
            SELECT true FROM reports
            WHERE reports.crash_day = jobs.crash_day AND reports.uuid = jobs.uuid
            LIMIT 1)
        RETURNING jobs.uuid
    )
    SELECT array_agg(too_many.uuid) INTO ended FROM too_many;
    RETURN QUERY
    SELECT each.uuid, CASE WHEN each.uuid = ANY (ended) THEN 'reported' ELSE each.result END
    FROM unnest(told, results) AS each (uuid, result);
END
$$;
