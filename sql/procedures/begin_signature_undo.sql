-- Begins to take a change back, or says that it is being taken back already.
--
-- Answers 'undoing'; 'unknown' if there is no such change; 'undone' if that is done; 'later' if a later
-- change stands, which must go first; 'busy' if another one is at work. A change that is still being
-- applied may be taken back: what applies it stops.
CREATE OR REPLACE FUNCTION begin_signature_undo(
    p_change bigint,
    p_by     text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    found_state text;
BEGIN
    SELECT state INTO found_state FROM signature_changes WHERE id = p_change FOR UPDATE;
    IF found_state IS NULL THEN
        RETURN 'unknown';
    ELSIF found_state IN ('undoing', 'undone') THEN
        RETURN found_state;
    END IF;
    IF EXISTS (SELECT FROM signature_changes WHERE state IN ('applying', 'undoing') AND id <> p_change)
    THEN
        RETURN 'busy';
    ELSIF EXISTS (SELECT FROM signature_changes WHERE id > p_change AND state <> 'undone') THEN
        RETURN 'later';
    END IF;
    UPDATE signature_changes
    SET state = 'undoing', undone_by = p_by, undo_began_at = now(), seen_day = NULL, seen_uuid = NULL
    WHERE id = p_change;
    RETURN 'undoing';
EXCEPTION
    -- Somebody began another one at this moment.
    WHEN unique_violation THEN RETURN 'busy';
END
$$;
