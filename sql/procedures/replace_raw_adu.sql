-- Loads users: rows as JSON objects whose keys are the columns of raw_adu. Each day and product that
-- the rows speak of has these rows afterwards and no others, so loading twice is loading once. What
-- was counted of these days is made again.
CREATE OR REPLACE FUNCTION replace_raw_adu(p_rows jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    loaded bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('auxilio raw_adu'));
    DROP TABLE IF EXISTS pg_temp.new_adu;
    CREATE TEMPORARY TABLE new_adu ON COMMIT DROP AS
    SELECT told.* FROM jsonb_populate_recordset(NULL::raw_adu, p_rows) AS told;
    DELETE FROM raw_adu USING (SELECT DISTINCT date, product_name FROM new_adu) AS told
    WHERE raw_adu.date = told.date AND raw_adu.product_name IS NOT DISTINCT FROM told.product_name;
    INSERT INTO raw_adu SELECT * FROM new_adu;
    GET DIAGNOSTICS loaded = ROW_COUNT;
    PERFORM mark_dirty_days(ARRAY(SELECT DISTINCT date FROM new_adu));
    RETURN loaded;
END
$$;
