-- Makes the week of reports that a day lies in, if it is not there. True if it was made.
CREATE OR REPLACE FUNCTION ensure_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    monday date := date_trunc('week', p_day::timestamp)::date;
BEGIN
    RETURN make_partition('reports', 'reports_' || to_char(monday, 'YYYYMMDD'), 'crash_day',
        monday, monday + 7);
END
$$;
