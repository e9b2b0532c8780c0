-- Tables in weeks by crash_day. reports_bad is the last to be made: where its week is, all are.
CREATE OR REPLACE FUNCTION weekly_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp
AS $$
    SELECT ARRAY['reports', 'frames', 'changed_signatures', 'plugins_reports', 'extensions',
        'reports_duplicates', 'reports_clean', 'reports_user_info', 'reports_bad']
$$;
