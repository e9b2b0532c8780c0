-- Says that a change is through with all its days. False if it has come further than the caller knows
-- or is not being applied any more.
CREATE OR REPLACE FUNCTION end_signature_change(
    p_change     bigint,
    p_after_day  date,
    p_after_uuid text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE signature_changes
    SET state = 'applied', applied_at = now()
    WHERE id = p_change AND state = 'applying'
      AND seen_day IS NOT DISTINCT FROM p_after_day
      AND seen_uuid IS NOT DISTINCT FROM p_after_uuid;
    RETURN FOUND;
END
$$;
