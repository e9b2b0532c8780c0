-- Makes a job known that has never run: the slots after p_since are to be done. One that is known
-- stays as it is.
CREATE OR REPLACE FUNCTION know_cron_job(p_job text, p_since timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    INSERT INTO cron_jobs (job, done_until) VALUES (p_job, p_since) ON CONFLICT (job) DO NOTHING
$$;
