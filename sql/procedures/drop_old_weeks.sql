-- Drops and seals the weeks of reports that end on a day or before it. A week with marks that are
-- still to be counted stays until they are. Returns how many went.
CREATE OR REPLACE FUNCTION drop_old_weeks(p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    monday  date;
    dropped bigint := 0;
BEGIN
    FOR monday IN
        SELECT to_date(right(relname, 8), 'YYYYMMDD')
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'reports'::regclass AND relname ~ '^reports_[0-9]{8}$'
        ORDER BY 1
    LOOP
        IF monday + 7 <= p_before AND drop_week(monday) THEN
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END
$$;
