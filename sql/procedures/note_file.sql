-- Notes that a file was read in, by its bytes.
CREATE OR REPLACE FUNCTION note_file(p_job text, p_name text, p_sha256 text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    INSERT INTO cron_files (job, name, sha256) VALUES (p_job, p_name, p_sha256)
    ON CONFLICT (job, name) DO UPDATE SET sha256 = excluded.sha256, read_at = now()
$$;
