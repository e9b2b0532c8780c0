-- Gives reports of one day other signatures. The one place that does so beside write_reports: whatever is
-- counted by signature is marked here, to be counted anew.
--
-- A row comes as {uuid, generation, change_was, change, signature, group_key}. It is written only if the
-- report is still of that run and has its signature from that change. Answers the rows that were
-- written, with what stood there before.
CREATE OR REPLACE FUNCTION set_signatures(
    p_day  date,
    p_rows jsonb
) RETURNS TABLE (uuid text, old_signature text, old_group_key text)
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT told.* FROM jsonb_to_recordset(p_rows) AS told (uuid text, generation bigint,
            change_was bigint, change bigint, signature text, group_key text)
    ), held AS MATERIALIZED (
        -- Locked in the order of ids, as write_reports does: neither waits for the other in a circle.
        SELECT reports.uuid, reports.signature, reports.group_key, reports.date_processed
        FROM reports JOIN told ON told.uuid = reports.uuid
        WHERE reports.crash_day = p_day AND reports.uuid IN (SELECT told.uuid FROM told)
          AND reports.generation = told.generation
          AND reports.signature_change IS NOT DISTINCT FROM told.change_was
        ORDER BY reports.uuid
        FOR UPDATE OF reports
    ), written AS (
        UPDATE reports
        SET signature = told.signature, group_key = told.group_key, signature_change = told.change
        FROM held JOIN told ON told.uuid = held.uuid
        WHERE reports.crash_day = p_day AND reports.uuid = held.uuid
    ), marked AS (
        INSERT INTO dirty_hours
        SELECT DISTINCT date_trunc('hour', held.date_processed, 'UTC') FROM held
    )
    SELECT held.uuid, held.signature, held.group_key FROM held;
END
$$;
