-- Marks what is to be counted once more because versions are new or have other builds or dates.
CREATE OR REPLACE FUNCTION mark_changed_versions(p_versions integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    -- Reports that found no version.
    INSERT INTO dirty_hours
    SELECT DISTINCT date_trunc('hour', reports_bad.date_processed, 'UTC')
    FROM product_versions AS changed
    JOIN reports_bad ON reports_bad.product = changed.product_name
        AND reports_bad.version IN (changed.version_string, changed.release_version,
            regexp_replace(changed.release_version, 'esr$', ''))
    WHERE changed.product_version_id = ANY (p_versions);
    -- Reports of a beta whose build turns out to be another's.
    INSERT INTO dirty_hours
    SELECT DISTINCT date_trunc('hour', reports_clean.date_processed, 'UTC')
    FROM product_versions AS changed
    JOIN product_version_builds AS builds USING (product_version_id)
    JOIN product_versions AS other ON other.product_name = changed.product_name
        AND other.release_version = changed.release_version
        AND other.build_type = changed.build_type
        AND other.product_version_id <> changed.product_version_id
    JOIN reports_clean ON reports_clean.product_version_id = other.product_version_id
        AND reports_clean.build = builds.build_id
    WHERE changed.product_version_id = ANY (p_versions) AND changed.beta_number IS NOT NULL;
    -- Users of the version, and nightly builds that are known now.
    INSERT INTO dirty_days
    SELECT DISTINCT summary_days.day
    FROM product_versions AS changed
    JOIN summary_days
        ON summary_days.day BETWEEN changed.build_date AND changed.sunset_date + 1
    WHERE changed.product_version_id = ANY (p_versions)
      AND summary_days.name IN ('adu', 'nightly_builds');
END
$$;
