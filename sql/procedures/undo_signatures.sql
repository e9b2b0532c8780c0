-- Takes one batch of a change back: the old signatures where the report still has the change's own, the
-- counts, and how far it has come, all or nothing. False when nothing is left: the change is undone, or
-- is not being taken back.
CREATE OR REPLACE FUNCTION undo_signatures(
    p_change bigint,
    p_limit  bigint
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    work     signature_changes;
    next_day date;
    last     text;
    batch    jsonb;
    given    text[];
    written  text[];
    missing  bigint;
    other    bigint;
BEGIN
    SELECT * INTO work FROM signature_changes WHERE id = p_change AND state = 'undoing' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT crash_day INTO next_day FROM changed_signatures
    WHERE change = p_change
      AND (work.seen_day IS NULL OR (crash_day, uuid) > (work.seen_day, work.seen_uuid))
    ORDER BY crash_day LIMIT 1;
    IF NOT FOUND THEN
        UPDATE signature_changes SET state = 'undone', undone_at = now() WHERE id = p_change;
        RETURN false;
    END IF;
    SELECT jsonb_agg(to_jsonb(todo)), array_agg(todo.uuid), max(todo.uuid) INTO batch, given, last
    FROM (
        SELECT uuid, generation, p_change AS change_was, old_change AS change,
            old_signature AS signature, old_group_key AS group_key
        FROM changed_signatures
        WHERE crash_day = next_day AND change = p_change
          AND (work.seen_day IS DISTINCT FROM next_day OR uuid > work.seen_uuid)
        ORDER BY uuid LIMIT p_limit
    ) AS todo;
    written := ARRAY(SELECT back.uuid FROM set_signatures(next_day, batch) AS back);
    SELECT count(*) FILTER (WHERE reports.uuid IS NULL),
        count(*) FILTER (WHERE reports.generation <> left_out.generation)
    INTO missing, other
    FROM jsonb_to_recordset(batch) AS left_out (uuid text, generation bigint)
    LEFT JOIN reports ON reports.crash_day = next_day AND reports.uuid = left_out.uuid
    WHERE left_out.uuid <> ALL (written);
    UPDATE signature_changes
    SET seen_day = next_day,
        seen_uuid = last,
        restored = restored + cardinality(written),
        reprocessed = reprocessed + other,
        gone = gone + missing,
        rewritten = rewritten + cardinality(given) - cardinality(written) - other - missing
    WHERE id = p_change;
    RETURN true;
END
$$;
