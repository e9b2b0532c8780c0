-- Writes one batch of a change: the reports' new signatures, what they were, the counts, and how far the
-- change has come, all or nothing.
--
-- The batch is of one day and begins behind the crash that the caller knows as the last one. False, and
-- nothing is written, if the change has come further meanwhile or is not being applied any more.
CREATE OR REPLACE FUNCTION resign_reports(
    p_change         bigint,
    p_after_day      date,
    p_after_uuid     text,
    p_day            date,
    p_uuid           text,
    p_looked_at      bigint,
    p_without_frames bigint,
    p_rows           jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    given       bigint := jsonb_array_length(p_rows);
    all_written bigint;
    new_names   bigint;
BEGIN
    PERFORM FROM signature_changes
    WHERE id = p_change AND state = 'applying'
      AND seen_day IS NOT DISTINCT FROM p_after_day
      AND seen_uuid IS NOT DISTINCT FROM p_after_uuid
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    WITH written AS (
        INSERT INTO changed_signatures (crash_day, change, uuid, generation, old_signature,
            new_signature, old_group_key, new_group_key, old_change)
        SELECT p_day, p_change, told.uuid, told.generation, old.old_signature, told.signature,
            old.old_group_key, told.group_key, told.change_was
        FROM set_signatures(p_day, p_rows) AS old
        JOIN jsonb_to_recordset(p_rows) AS told (uuid text, generation bigint, change_was bigint,
            signature text, group_key text) ON told.uuid = old.uuid
        RETURNING old_signature IS DISTINCT FROM new_signature AS is_new_name
    )
    SELECT count(*), count(*) FILTER (WHERE is_new_name) INTO all_written, new_names FROM written;
    UPDATE signature_changes
    SET seen_day = p_day,
        seen_uuid = p_uuid,
        looked_at = looked_at + p_looked_at,
        changed = changed + new_names,
        rekeyed = rekeyed + all_written - new_names,
        unchanged = unchanged + p_looked_at - p_without_frames - given,
        without_frames = without_frames + p_without_frames,
        overtaken = overtaken + given - all_written
    WHERE id = p_change;
    RETURN true;
END
$$;
