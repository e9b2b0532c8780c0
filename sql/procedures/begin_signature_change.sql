-- Begins a change of signatures, unless one is at work: then that one is answered, and the caller sees
-- whether it is its own to go on with.
CREATE OR REPLACE FUNCTION begin_signature_change(
    p_by       text,
    p_lists    text,
    p_digest   text,
    p_from_day date,
    p_to_day   date
) RETURNS SETOF signature_changes
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO signature_changes (applied_by, lists, digest, from_day, to_day)
    VALUES (p_by, p_lists, p_digest, p_from_day, p_to_day)
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM signature_changes WHERE state IN ('applying', 'undoing');
END
$$;
