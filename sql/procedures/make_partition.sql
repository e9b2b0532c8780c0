-- Makes one partition of a table by a range of days, [from, to), if it is not there. True if it was
-- made. For the procedures that know their table's ranges; nobody else may make tables.
--
-- Created first and attached then: attaching lets readers and writers of the other partitions go
-- on, where creating it in place would wait for all of them and hold up everybody behind it.
CREATE OR REPLACE FUNCTION make_partition(
    p_parent    text,
    p_partition text,
    p_column    text,
    p_from      date,
    p_to        date
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET lock_timeout = '5s'
AS $$
BEGIN
    -- One at a time: who comes second finds it made.
    PERFORM pg_advisory_xact_lock(hashtext('auxilio make_partition'));
    IF to_regclass(format('public.%I', p_partition)) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- The CHECK says what attaching would otherwise read the table for.
    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING ALL, CHECK (%I >= %L AND %I < %L))',
        p_partition, p_parent, p_column, p_from, p_column, p_to);
    EXECUTE format(
        'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        p_parent, p_partition, p_from, p_to);
    RETURN true;
END
$$;
