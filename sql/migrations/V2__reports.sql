-- Reports: one row for each processed crash, with every column that Socorro's table had in 2012
-- under its old name, and what this system adds. Partitions are weeks by crash_day, named
-- reports_YYYYMMDD by their Monday; ensure_partition makes them.

-- A sequence of its own and not an identity: partitions are made apart and attached, and an
-- identity would not go along.
CREATE SEQUENCE reports_id_seq AS bigint;

CREATE TABLE reports (
    id                  bigint      NOT NULL DEFAULT nextval('reports_id_seq'),
    client_crash_date   timestamptz,
    -- When the crash was submitted, not when it was processed: the original's meaning.
    date_processed      timestamptz NOT NULL,
    uuid                text COLLATE "C" NOT NULL,
    product             text,
    version             text,
    build               text,
    signature           text,
    url                 text,
    install_age         bigint,
    last_crash          bigint,
    uptime              bigint,
    cpu_name            text,
    cpu_info            text,
    reason              text,
    address             text,
    os_name             text,
    os_version          text,
    email               text,
    user_id             text,
    started_datetime    timestamptz,
    completed_datetime  timestamptz,
    success             boolean,
    truncated           boolean,
    processor_notes     text,
    user_comments       text,
    app_notes           text,
    distributor         text,
    distributor_version text,
    topmost_filenames   text,
    addons_checked      boolean,
    flash_version       text,
    hangid              text,
    process_type        text,
    release_channel     text,
    productid           text,
    -- The day inside the crash id.
    crash_day           date        NOT NULL,
    -- The run that wrote the row: the same as that of the stored processed crash.
    generation          bigint      NOT NULL,
    -- 0 no stack, 1 symbols or a rule failed, 2 clean.
    quality             smallint    NOT NULL CHECK (quality BETWEEN 0 AND 2),
    throttle            text        NOT NULL CHECK (throttle IN ('accept', 'defer')),
    -- The share of such crashes that is kept, in percent.
    sample_rate         double precision NOT NULL CHECK (sample_rate > 0 AND sample_rate <= 100),
    CONSTRAINT reports_date_processed_lies_in_crash_day CHECK (
        (date_processed AT TIME ZONE 'UTC')::date = crash_day
    ),
    CONSTRAINT reports_crash_day_is_that_of_the_uuid CHECK (
        crash_day = make_date(2000 + substr(uuid, 31, 2)::integer,
                              substr(uuid, 33, 2)::integer,
                              substr(uuid, 35, 2)::integer)
    ),
    CONSTRAINT reports_crash_day_uuid_key UNIQUE (crash_day, uuid)
) PARTITION BY RANGE (crash_day);

ALTER SEQUENCE reports_id_seq OWNED BY reports.id;

CREATE INDEX reports_id ON reports (id);
CREATE INDEX reports_date_processed ON reports (date_processed);
CREATE INDEX reports_signature ON reports (signature, date_processed);
CREATE INDEX reports_product_version ON reports (product, version, date_processed);
CREATE INDEX reports_hangid ON reports (hangid) WHERE hangid IS NOT NULL;
-- Hashed, for equality alone: a tree refuses values of more than 2,700 bytes, and clients write
-- these two.
CREATE INDEX reports_reason ON reports USING hash (reason);
CREATE INDEX reports_url ON reports USING hash (url);
