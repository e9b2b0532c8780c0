-- Makes the week that a day lies in, of reports and of what hangs on them, where it is not there.
-- True if something was made.
CREATE OR REPLACE FUNCTION ensure_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    monday date := date_trunc('week', p_day::timestamp)::date;
    parent text;
    made   boolean := false;
BEGIN
    FOREACH parent IN ARRAY weekly_tables() LOOP
        IF make_partition(parent, parent || '_' || to_char(monday, 'YYYYMMDD'), 'crash_day',
               monday, monday + 7) THEN
            made := true;
        END IF;
    END LOOP;
    RETURN made;
END
$$;
