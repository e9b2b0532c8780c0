-- Brings signatures and signature_products_rollup up to signature_products, for the signatures in
-- the temporary table changed_pairs. A part of update_signatures.
CREATE OR REPLACE FUNCTION roll_up_signatures() RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE signatures
    SET first_report = firsts.first_report, first_build = firsts.first_build
    FROM (
        SELECT changed.signature_id, min(pairs.first_report) AS first_report,
               min(pairs.first_build) AS first_build
        FROM (SELECT DISTINCT signature_id FROM changed_pairs) AS changed
        LEFT JOIN signature_products AS pairs USING (signature_id)
        GROUP BY changed.signature_id) AS firsts
    WHERE signatures.signature_id = firsts.signature_id
      AND (signatures.first_report, signatures.first_build)
          IS DISTINCT FROM (firsts.first_report, firsts.first_build);

    DELETE FROM signature_products_rollup AS old
    USING (SELECT DISTINCT signature_id FROM changed_pairs) AS changed
    WHERE old.signature_id = changed.signature_id;
    INSERT INTO signature_products_rollup (signature_id, product_name, ver_count, version_list)
    SELECT pairs.signature_id, versions.product_name, count(*),
           array_agg(versions.version_string
               ORDER BY versions.version_sort, versions.version_string, versions.build_type)
    FROM (SELECT DISTINCT signature_id FROM changed_pairs) AS changed
    JOIN signature_products AS pairs USING (signature_id)
    JOIN product_versions AS versions USING (product_version_id)
    GROUP BY pairs.signature_id, versions.product_name;
END
$$;
