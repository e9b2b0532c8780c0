-- Says that input of days changed, users for one: their summaries are made again. Days that have
-- none yet need no mark.
CREATE OR REPLACE FUNCTION mark_dirty_days(p_days date[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    INSERT INTO dirty_days
    SELECT DISTINCT summary_days.day FROM summary_days WHERE summary_days.day = ANY (p_days)
$$;
