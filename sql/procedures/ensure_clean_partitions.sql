-- Makes the weeks that clean reports of a window, [from, to), need. Weeks without reports need none.
CREATE OR REPLACE FUNCTION ensure_clean_partitions(
    p_from timestamptz,
    p_to   timestamptz
) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    monday date := date_trunc('week', p_from AT TIME ZONE 'UTC')::date;
BEGIN
    WHILE monday::timestamp < p_to AT TIME ZONE 'UTC' LOOP
        -- Looked for first: making one takes a lock until the run's end.
        IF to_regclass('public.reports_bad_' || to_char(monday, 'YYYYMMDD')) IS NULL
           AND EXISTS (SELECT FROM reports WHERE crash_day >= monday AND crash_day < monday + 7) THEN
            PERFORM ensure_partition(monday);
        END IF;
        monday := monday + 7;
    END LOOP;
END
$$;
