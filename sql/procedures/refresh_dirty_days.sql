-- Counts anew what marks say: hours in which reports were written, then days whose clean reports or
-- other input changed. At most so many hours and so many days. Returns how many were done: 0 says
-- that no mark was left.
--
-- Marks are taken away before anything is read, so a report that comes meanwhile leaves one for the
-- next time. An hour is done with one before and two after it from its start: so far duplicates
-- reach. Marks of sealed weeks go and are counted.
CREATE OR REPLACE FUNCTION refresh_dirty_days(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    hours  tstzmultirange;
    span   tstzrange;
    days   date[];
    done   bigint;
    run    record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio summaries'));
    PERFORM refuse_sealed_marks();

    WITH chosen AS MATERIALIZED (
        SELECT DISTINCT hour FROM dirty_hours ORDER BY hour LIMIT p_limit
    ), taken AS (
        DELETE FROM dirty_hours USING chosen WHERE dirty_hours.hour = chosen.hour
    )
    SELECT count(*), coalesce(range_agg(tstzrange(hour - interval '1 hour',
               hour + interval '2 hours')), '{}')
    INTO done, hours FROM chosen;
    -- A window beside a sealed week ends at its border.
    hours := hours - (
        SELECT coalesce(range_agg(tstzrange(week::timestamp AT TIME ZONE 'UTC',
                   (week + 7)::timestamp AT TIME ZONE 'UTC')), '{}') FROM sealed_weeks);
    FOR span IN SELECT unnest(hours) LOOP
        PERFORM update_reports_duplicates(lower(span), upper(span));
    END LOOP;
    FOR span IN SELECT unnest(hours) LOOP
        PERFORM update_reports_clean(lower(span), upper(span));
    END LOOP;
    -- What the duplicates have just marked has just been made.
    DELETE FROM dirty_hours
    WHERE xmin = pg_current_xact_id()::xid AND hours @> hour;

    WITH chosen AS MATERIALIZED (
        SELECT DISTINCT day FROM dirty_days ORDER BY day LIMIT p_limit
    ), taken AS (
        DELETE FROM dirty_days USING chosen WHERE dirty_days.day = chosen.day
    )
    SELECT coalesce(array_agg(day), '{}') INTO days FROM chosen;
    FOR run IN SELECT * FROM summaries_of_dirty_days(days) LOOP
        EXECUTE format('SELECT %I($1)', 'update_' || run.name) USING run.day;
    END LOOP;
    RETURN done + cardinality(days);
END
$$;
