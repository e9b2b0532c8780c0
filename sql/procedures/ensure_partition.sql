-- Makes the week of reports that a day lies in, if it is not there. True if it was made.
--
-- Created first and attached then: attaching lets readers and writers of the other weeks go on,
-- where creating it in place would wait for all of them and hold up everybody behind it.
CREATE OR REPLACE FUNCTION ensure_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    monday    date := date_trunc('week', p_day::timestamp)::date;
    partition text := 'reports_' || to_char(monday, 'YYYYMMDD');
BEGIN
    -- One at a time: who comes second finds it made.
    PERFORM pg_advisory_xact_lock(hashtext('auxilio ensure_partition'));
    IF to_regclass(format('public.%I', partition)) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- The CHECK says what attaching would otherwise read the table for.
    EXECUTE format(
        'CREATE TABLE %I (LIKE reports INCLUDING ALL, CHECK (crash_day >= %L AND crash_day < %L))',
        partition, monday, monday + 7);
    EXECUTE format(
        'ALTER TABLE reports ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, monday, monday + 7);
    RETURN true;
END
$$;
