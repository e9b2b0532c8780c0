-- Reports in a clean form: texts that repeat stand once, in a table of their own, and each report
-- has its version. Filled from `reports` by update_reports_clean; summaries read these.
-- Weeks as those of reports: <table>_YYYYMMDD by its Monday.

CREATE TABLE os_names (
    os_name       text PRIMARY KEY,
    os_short_name text NOT NULL
);
INSERT INTO os_names VALUES
    ('Windows', 'win'), ('Mac OS X', 'mac'), ('Linux', 'lin'), ('Android', 'and'),
    ('Unknown', 'unk');

-- How clients say it, compared with ILIKE.
CREATE TABLE os_name_matches (
    os_name      text NOT NULL REFERENCES os_names,
    match_string text NOT NULL,
    PRIMARY KEY (os_name, match_string)
);
INSERT INTO os_name_matches VALUES
    ('Windows', 'Windows%'), ('Mac OS X', 'Mac%'), ('Linux', 'Linux%'), ('Android', 'Android%');

CREATE TABLE windows_versions (
    windows_version_name text    NOT NULL,
    major_version        integer NOT NULL,
    minor_version        integer NOT NULL,
    PRIMARY KEY (major_version, minor_version)
);
INSERT INTO windows_versions VALUES
    ('Windows NT', 3, 5), ('Windows NT', 4, 0), ('Windows 98', 4, 1), ('Windows Me', 4, 9),
    ('Windows 2000', 5, 0), ('Windows XP', 5, 1), ('Windows Vista', 6, 0), ('Windows 7', 6, 1),
    ('Windows 8', 6, 2), ('Windows 8.1', 6, 3), ('Windows 10', 10, 0);

CREATE TABLE os_versions (
    os_version_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    os_name           text    NOT NULL REFERENCES os_names,
    major_version     integer NOT NULL,
    minor_version     integer NOT NULL,
    os_version_string text    NOT NULL,
    UNIQUE (os_name, major_version, minor_version)
);

CREATE TABLE signatures (
    signature_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    signature    text   NOT NULL UNIQUE,
    -- Over all reports that have a version; NULL while there are none.
    first_report timestamptz,
    first_build  numeric
);

-- What signatures.first_report is the least of: a late or changed report changes one day of it.
CREATE TABLE signature_days (
    report_date        date        NOT NULL,
    signature_id       integer     NOT NULL,
    product_version_id integer     NOT NULL,
    first_report       timestamptz NOT NULL,
    first_build        numeric,
    PRIMARY KEY (signature_id, product_version_id, report_date)
);
CREATE INDEX signature_days_by_day ON signature_days (report_date);

CREATE TABLE signature_products (
    signature_id       integer     NOT NULL,
    product_version_id integer     NOT NULL,
    first_report       timestamptz NOT NULL,
    first_build        numeric,
    PRIMARY KEY (signature_id, product_version_id)
);
CREATE INDEX signature_products_by_version ON signature_products (product_version_id);

CREATE TABLE signature_products_rollup (
    signature_id integer NOT NULL,
    product_name text    NOT NULL,
    ver_count    integer NOT NULL,
    -- By version_sort.
    version_list text[]  NOT NULL,
    PRIMARY KEY (signature_id, product_name)
);

-- Texts of reports, the first 255 characters of each, as the columns of 2012 held.
CREATE TABLE reasons (
    reason_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason     text NOT NULL UNIQUE,
    first_seen timestamptz
);
CREATE TABLE addresses (
    address_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address    text NOT NULL UNIQUE,
    first_seen timestamptz
);
CREATE TABLE domains (
    domain_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain     text NOT NULL UNIQUE,
    first_seen timestamptz
);
-- Without what follows a question mark, a number sign or the like. Protected.
CREATE TABLE urls (
    url_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url        text NOT NULL UNIQUE,
    first_seen timestamptz
);
CREATE TABLE flash_versions (
    flash_version_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flash_version    text NOT NULL UNIQUE,
    first_seen       timestamptz
);

CREATE TABLE process_types (
    process_type text PRIMARY KEY
);
INSERT INTO process_types VALUES ('browser'), ('plugin'), ('content');

CREATE TABLE uptime_levels (
    uptime_level  integer  PRIMARY KEY,
    uptime_string text     NOT NULL UNIQUE,
    min_uptime    interval NOT NULL,
    max_uptime    interval NOT NULL
);
INSERT INTO uptime_levels VALUES
    (1, '< 1 min', '0', '1 minute'), (2, '1-5 min', '1 minute', '5 minutes'),
    (3, '5-15 min', '5 minutes', '15 minutes'), (4, '15-60 min', '15 minutes', '1 hour'),
    (5, '> 1 hour', '1 hour', '178000000 years');

-- Modules by file and debug id. Nothing fills it yet: a processed crash holds its modules.
CREATE TABLE modules (
    module_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filename   text NOT NULL,
    version    text NOT NULL,
    debug_file text NOT NULL,
    debug_id   text NOT NULL,
    UNIQUE (filename, debug_id, version, debug_file)
);

-- What hosts wrote about plugins: each pair once.
CREATE TABLE plugins (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filename text NOT NULL,
    name     text NOT NULL,
    UNIQUE (filename, name)
);

CREATE TABLE plugins_reports (
    report_id      bigint      NOT NULL,
    plugin_id      integer     NOT NULL,
    date_processed timestamptz NOT NULL,
    version        text        NOT NULL,
    crash_day      date        NOT NULL
) PARTITION BY RANGE (crash_day);
CREATE INDEX plugins_reports_report_id ON plugins_reports (report_id);

CREATE TABLE extensions (
    report_id         bigint      NOT NULL,
    date_processed    timestamptz NOT NULL,
    extension_key     integer     NOT NULL,
    extension_id      text        NOT NULL,
    extension_version text        NOT NULL,
    crash_day         date        NOT NULL
) PARTITION BY RANGE (crash_day);
CREATE INDEX extensions_report_id ON extensions (report_id);

CREATE TABLE reports_duplicates (
    uuid           text COLLATE "C" NOT NULL,
    duplicate_of   text COLLATE "C" NOT NULL,
    date_processed timestamptz NOT NULL,
    crash_day      date        NOT NULL,
    PRIMARY KEY (crash_day, uuid)
) PARTITION BY RANGE (crash_day);
CREATE INDEX reports_duplicates_leader ON reports_duplicates (duplicate_of);
CREATE INDEX reports_duplicates_date ON reports_duplicates (date_processed);

CREATE TABLE reports_clean (
    uuid               text COLLATE "C" NOT NULL,
    date_processed     timestamptz NOT NULL,
    client_crash_date  timestamptz,
    product_version_id integer     NOT NULL,
    build              numeric,
    signature_id       integer     NOT NULL,
    install_age        interval,
    uptime             interval,
    reason_id          integer     NOT NULL,
    address_id         integer     NOT NULL,
    os_name            text        NOT NULL,
    os_version_id      integer     NOT NULL,
    hang_id            text        NOT NULL,
    flash_version_id   integer     NOT NULL,
    process_type       text        NOT NULL,
    release_channel    text        NOT NULL,
    duplicate_of       text COLLATE "C",
    domain_id          integer     NOT NULL,
    url_id             integer     NOT NULL,
    architecture       text,
    cores              integer,
    crash_day          date        NOT NULL,
    PRIMARY KEY (crash_day, uuid)
) PARTITION BY RANGE (crash_day);
CREATE INDEX reports_clean_date ON reports_clean (date_processed);
CREATE INDEX reports_clean_signature
    ON reports_clean (signature_id, product_version_id, date_processed);
CREATE INDEX reports_clean_version ON reports_clean (product_version_id, date_processed);
CREATE INDEX reports_clean_hang ON reports_clean (hang_id) WHERE hang_id <> '';

-- What a person wrote or can be known by. Protected, but for the notes of the application.
CREATE TABLE reports_user_info (
    uuid           text COLLATE "C" NOT NULL,
    date_processed timestamptz NOT NULL,
    user_comments  text,
    app_notes      text,
    email          text,
    url            text,
    crash_day      date        NOT NULL,
    PRIMARY KEY (crash_day, uuid)
) PARTITION BY RANGE (crash_day);
CREATE INDEX reports_user_info_date ON reports_user_info (date_processed);

-- Reports that got no clean row, and why. They get one as soon as their version is known.
CREATE TABLE reports_bad (
    uuid            text COLLATE "C" NOT NULL,
    date_processed  timestamptz NOT NULL,
    why             text        NOT NULL CHECK (why IN ('no channel', 'no version')),
    product         text        NOT NULL,
    version         text        NOT NULL,
    release_channel text        NOT NULL,
    build           text        NOT NULL,
    crash_day       date        NOT NULL,
    PRIMARY KEY (crash_day, uuid)
) PARTITION BY RANGE (crash_day);
CREATE INDEX reports_bad_date ON reports_bad (date_processed);
CREATE INDEX reports_bad_product ON reports_bad (product, version);

-- Marks: hours in which a report was written, appended by write_reports in the report's own
-- transaction; days whose clean reports or other input changed. refresh_dirty_days takes them away
-- and counts anew. No key: writers never wait for each other.
CREATE TABLE dirty_hours (
    hour timestamptz NOT NULL
);
-- Reports from before this are all still to be counted.
INSERT INTO dirty_hours
SELECT DISTINCT date_trunc('hour', date_processed, 'UTC') FROM reports;
CREATE TABLE dirty_days (
    day date NOT NULL
);

-- Days that a summary has been made of: only those are made again when they are dirty.
CREATE TABLE summary_days (
    day  date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (day, name)
);

-- Weeks whose reports are gone: what was counted of them stays, and nothing is counted anew.
CREATE TABLE sealed_weeks (
    week      date PRIMARY KEY,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    -- How often a late report or a run came for it and was refused.
    refused   bigint NOT NULL DEFAULT 0
);

-- Every run of an update_ procedure.
CREATE TABLE update_runs (
    name        text        NOT NULL,
    window_from timestamptz NOT NULL,
    window_to   timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    took        interval    NOT NULL,
    rows        bigint      NOT NULL,
    -- Why nothing was done.
    note        text
);
CREATE INDEX update_runs_by_name ON update_runs (name, started_at);
