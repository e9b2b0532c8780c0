-- Makes the week that a day lies in, of reports and of what stands beside them, where it is not there.
-- True if anything was made.
CREATE OR REPLACE FUNCTION ensure_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    monday date := date_trunc('week', p_day::timestamp)::date;
    parent text;
    made   boolean := false;
BEGIN
    FOREACH parent IN ARRAY ARRAY['reports', 'frames', 'changed_signatures'] LOOP
        made := make_partition(parent, parent || to_char(monday, '_YYYYMMDD'), 'crash_day', monday,
            monday + 7) OR made;
    END LOOP;
    RETURN made;
END
$$;
