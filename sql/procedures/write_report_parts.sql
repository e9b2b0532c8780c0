-- Writes what stands beside reports that were just written: add-ons, the plugin, and modules that are
-- not known yet. A part of write_reports: a statement after the rows', so that it sees what an earlier
-- run of a crash had left here.
--
-- The arrays name the rows. Of each the report of its generation counts: `extensions` is a list of
-- {id, version}, `plugin` {filename, name, version}, `modules` a list of {filename, version,
-- debug_file, debug_id}.
CREATE OR REPLACE FUNCTION write_report_parts(
    p_reports jsonb[],
    p_ids     bigint[],
    p_uuids   text[]
) RETURNS void
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    -- Reports that have parts, each once, with the numbers of their rows.
    parts jsonb[];
    days  date[];
BEGIN
    days := ARRAY(
        SELECT DISTINCT (told.report ->> 'crash_day')::date FROM unnest(p_reports) AS told (report));
    -- What an earlier run wrote. Most crashes come for the first time: nothing is there.
    DELETE FROM extensions WHERE crash_day = ANY (days) AND report_id = ANY (p_ids);
    DELETE FROM plugins_reports WHERE crash_day = ANY (days) AND report_id = ANY (p_ids);

    parts := ARRAY(
        SELECT DISTINCT ON (written.id)
               told.report || jsonb_build_object('id', written.id)
        FROM unnest(p_ids, p_uuids) AS written (id, uuid)
        JOIN unnest(p_reports) AS told (report) ON told.report ->> 'uuid' = written.uuid
        WHERE told.report ?| ARRAY['extensions', 'plugin', 'modules']
        ORDER BY written.id, (told.report ->> 'generation')::bigint DESC);
    IF cardinality(parts) = 0 THEN
        RETURN;
    END IF;

    INSERT INTO extensions (report_id, date_processed, extension_key, extension_id,
        extension_version, crash_day)
    SELECT (part ->> 'id')::bigint, (part ->> 'date_processed')::timestamptz, addon.place - 1,
           addon.told ->> 'id', addon.told ->> 'version', (part ->> 'crash_day')::date
    FROM unnest(parts) AS part
    CROSS JOIN LATERAL jsonb_array_elements(part -> 'extensions')
        WITH ORDINALITY AS addon (told, place);

    -- In one order, so that two callers never wait for each other in a circle.
    INSERT INTO plugins (filename, name)
    SELECT DISTINCT part -> 'plugin' ->> 'filename', part -> 'plugin' ->> 'name'
    FROM unnest(parts) AS part
    WHERE part ? 'plugin' AND NOT EXISTS (
        SELECT FROM plugins AS known
        WHERE known.filename = part -> 'plugin' ->> 'filename'
          AND known.name = part -> 'plugin' ->> 'name')
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    INSERT INTO plugins_reports (report_id, plugin_id, date_processed, version, crash_day)
    SELECT (part ->> 'id')::bigint, plugins.id, (part ->> 'date_processed')::timestamptz,
           part -> 'plugin' ->> 'version', (part ->> 'crash_day')::date
    FROM unnest(parts) AS part
    JOIN plugins ON plugins.filename = part -> 'plugin' ->> 'filename'
        AND plugins.name = part -> 'plugin' ->> 'name';

    INSERT INTO modules (filename, debug_id, version, debug_file)
    SELECT DISTINCT module.filename, module.debug_id, module.version, module.debug_file
    FROM unnest(parts) AS part
    CROSS JOIN LATERAL jsonb_to_recordset(part -> 'modules')
        AS module (filename text, debug_id text, version text, debug_file text)
    WHERE NOT EXISTS (
        SELECT FROM modules AS known
        WHERE known.filename = module.filename AND known.debug_id = module.debug_id
          AND known.version = module.version AND known.debug_file = module.debug_file)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING;
END
$$;
