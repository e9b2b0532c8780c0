-- Makes the day of job_outcomes, if it is not there. True if it was made.
CREATE OR REPLACE FUNCTION ensure_outcomes_partition(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN make_partition('job_outcomes', 'job_outcomes_' || to_char(p_day, 'YYYYMMDD'), 'ended_on',
        p_day, p_day + 1);
END
$$;
