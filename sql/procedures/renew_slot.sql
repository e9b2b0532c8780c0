-- Prolongs the lease of a slot to so many seconds from now. False if it is not the caller's any more.
CREATE OR REPLACE FUNCTION renew_slot(p_job text, p_token bigint, p_lease double precision)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE cron_jobs SET lease_until = now() + make_interval(secs => p_lease)
    WHERE job = p_job AND token = p_token;
    RETURN FOUND;
END
$$;
