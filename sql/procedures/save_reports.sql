-- Writes reports of crashes and completes their jobs: for each crash both or neither.
--
-- A report's generation is that of the stored processed crash, which is lower than the job's when
-- the run kept an old one; otherwise reports are as write_reports takes them. Answers as
-- complete_jobs does; on 'refused' nothing was written.
--
-- A row that breaks a constraint makes all of it fail: the caller splits the batch until the bad
-- row stands alone. Where a week's partition is missing the insert fails, and the caller makes it
-- in a transaction of its own: made in this one, it would hold its lock until all of this is done.
CREATE OR REPLACE FUNCTION save_reports(
    p_reports     jsonb[],
    p_tokens      bigint[],
    p_generations bigint[],
    p_outcomes    text[]
) RETURNS TABLE (place bigint, answer text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given text[];
BEGIN
    given := ARRAY(
        SELECT answers.answer FROM complete_jobs(
            ARRAY(SELECT told.report ->> 'uuid'
                  FROM unnest(p_reports) WITH ORDINALITY AS told (report, place)
                  ORDER BY told.place),
            p_tokens, p_generations, p_outcomes) AS answers
        ORDER BY answers.place);
    PERFORM FROM write_reports(ARRAY(
        SELECT told.report FROM unnest(p_reports, given) AS told (report, answer)
        WHERE told.answer <> 'refused'));
    RETURN QUERY
    SELECT told.place, told.answer FROM unnest(given) WITH ORDINALITY AS told (answer, place);
END
$$;
