-- What signatures are made from, kept for each crash, so that changed lists can be tried on what came
-- last week; and two columns by which crashes are found that have no telling signature.

ALTER TABLE reports
    -- Names of all frames of the crashing thread, before the lists choose.
    ADD COLUMN proto_signature text,
    -- What groups crashes whose own code has no symbols.
    ADD COLUMN group_key text;

-- A query says `left(group_key, 255) = left($1, 255) AND group_key = $1`: a longer entry could be refused.
CREATE INDEX reports_group_key ON reports (left(group_key, 255), date_processed)
    WHERE group_key IS NOT NULL;

-- Beside the reports and not among their columns: whoever reads reports passes over them. Partitions
-- are the weeks of reports, named frames_YYYYMMDD; ensure_partition makes both.
CREATE TABLE frames (
    crash_day  date   NOT NULL,
    uuid       text COLLATE "C" NOT NULL,
    -- The run that the frames are of. Another one than the report's says nothing of it.
    generation bigint NOT NULL,
    -- A reduced crash as JSON, compressed by zstd.
    data       bytea  NOT NULL,
    CONSTRAINT frames_crash_day_uuid_key UNIQUE (crash_day, uuid)
) PARTITION BY RANGE (crash_day);

-- It is compressed already.
ALTER TABLE frames ALTER COLUMN data SET STORAGE EXTERNAL;
