-- Summaries: what the pages of people read. One row for each key; a day is replaced whole by the
-- procedure update_<name>. None holds a number of its own or the time of a run, so that a second run
-- changes nothing.

-- Users of a day, as another system counted them: loaded nightly.
CREATE TABLE raw_adu (
    adu_count           bigint NOT NULL,
    date                date   NOT NULL,
    product_name        text,
    product_os_platform text,
    product_os_version  text,
    product_version     text,
    build               text,
    build_channel       text,
    product_guid        text
);
CREATE INDEX raw_adu_by_day ON raw_adu (date, product_name, product_version);

CREATE TABLE bugs (
    id         integer PRIMARY KEY,
    status     text,
    resolution text,
    short_desc text
);
CREATE TABLE bug_associations (
    signature text    NOT NULL,
    bug_id    integer NOT NULL REFERENCES bugs ON DELETE CASCADE,
    PRIMARY KEY (signature, bug_id)
);
CREATE INDEX bug_associations_by_bug ON bug_associations (bug_id);

CREATE VIEW signature_bugs_rollup AS
SELECT signatures.signature_id, count(*)::integer AS bug_count,
       array_agg(bug_associations.bug_id ORDER BY bug_associations.bug_id) AS bug_list
FROM signatures JOIN bug_associations USING (signature)
GROUP BY signatures.signature_id;

CREATE TABLE product_adu (
    product_version_id integer NOT NULL,
    os_name            text    NOT NULL,
    adu_date           date    NOT NULL,
    adu_count          bigint  NOT NULL,
    PRIMARY KEY (product_version_id, adu_date, os_name)
);
CREATE INDEX product_adu_by_day ON product_adu (adu_date);

CREATE TABLE tcbs (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    process_type       text    NOT NULL,
    release_channel    text    NOT NULL,
    report_count       integer NOT NULL,
    win_count          integer NOT NULL,
    mac_count          integer NOT NULL,
    lin_count          integer NOT NULL,
    hang_count         integer NOT NULL,
    startup_count      integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, process_type, release_channel)
);
CREATE INDEX tcbs_by_day ON tcbs (report_date);
CREATE INDEX tcbs_by_version ON tcbs (product_version_id, report_date);

CREATE TABLE tcbs_build (
    signature_id       integer NOT NULL,
    build_date         date    NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    process_type       text    NOT NULL,
    release_channel    text    NOT NULL,
    report_count       integer NOT NULL,
    win_count          integer NOT NULL,
    mac_count          integer NOT NULL,
    lin_count          integer NOT NULL,
    hang_count         integer NOT NULL,
    startup_count      integer NOT NULL,
    PRIMARY KEY (signature_id, build_date, report_date, product_version_id, process_type,
        release_channel)
);
CREATE INDEX tcbs_build_by_day ON tcbs_build (report_date);
CREATE INDEX tcbs_build_by_version ON tcbs_build (product_version_id, build_date);

CREATE TABLE daily_crash_codes (
    crash_code char(1) PRIMARY KEY,
    crash_type text    NOT NULL
);
INSERT INTO daily_crash_codes VALUES
    ('C', 'CRASH_BROWSER'), ('P', 'OOP_PLUGIN'), ('H', 'HANGS_NORMALIZED'), ('c', 'HANG_BROWSER'),
    ('p', 'HANG_PLUGIN'), ('T', 'CONTENT');

CREATE TABLE daily_crashes (
    count          integer NOT NULL,
    report_type    char(1) NOT NULL REFERENCES daily_crash_codes,
    -- Of either kind of version.
    productdims_id integer NOT NULL,
    os_short_name  char(3) NOT NULL,
    adu_day        date    NOT NULL,
    PRIMARY KEY (productdims_id, adu_day, report_type, os_short_name)
);
CREATE INDEX daily_crashes_by_day ON daily_crashes (adu_day);

CREATE TABLE daily_hangs (
    -- The browser's crash.
    uuid                 text COLLATE "C" NOT NULL,
    plugin_uuid          text COLLATE "C" PRIMARY KEY,
    report_date          date    NOT NULL,
    product_version_id   integer NOT NULL,
    browser_signature_id integer NOT NULL,
    plugin_signature_id  integer NOT NULL,
    hang_id              text    NOT NULL,
    flash_version_id     integer NOT NULL,
    -- Protected.
    url                  text,
    duplicates           text[]
);
CREATE INDEX daily_hangs_by_day ON daily_hangs (report_date);
CREATE INDEX daily_hangs_by_uuid ON daily_hangs (uuid);

CREATE VIEW hang_report AS
SELECT product_versions.product_name AS product, product_versions.version_string AS version,
       browser.signature AS browser_signature, plugin.signature AS plugin_signature,
       daily_hangs.hang_id AS browser_hangid, flash_versions.flash_version, daily_hangs.url,
       daily_hangs.uuid, daily_hangs.duplicates, daily_hangs.report_date AS report_day
FROM daily_hangs
JOIN product_versions USING (product_version_id)
JOIN signatures AS browser ON browser.signature_id = daily_hangs.browser_signature_id
JOIN signatures AS plugin ON plugin.signature_id = daily_hangs.plugin_signature_id
LEFT JOIN flash_versions USING (flash_version_id);

CREATE TABLE nightly_builds (
    product_version_id integer NOT NULL,
    build_date         date    NOT NULL,
    report_date        date    NOT NULL,
    days_out           integer NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (product_version_id, build_date, days_out)
);
CREATE INDEX nightly_builds_by_day ON nightly_builds (report_date);

CREATE TABLE rank_compare (
    product_version_id integer NOT NULL,
    signature_id       integer NOT NULL,
    rank_days          integer NOT NULL,
    report_count       integer NOT NULL,
    total_reports      bigint  NOT NULL,
    rank_report_count  integer NOT NULL,
    -- A share from 0 to 1, as the original's.
    percent_of_total   numeric NOT NULL,
    -- The last of rank_days.
    report_date        date    NOT NULL,
    PRIMARY KEY (product_version_id, signature_id, rank_days, report_date)
);
CREATE INDEX rank_compare_by_day ON rank_compare (report_date);
CREATE INDEX rank_compare_by_rank
    ON rank_compare (product_version_id, report_date, rank_report_count);

CREATE TABLE explosiveness (
    product_version_id integer NOT NULL,
    signature_id       integer NOT NULL,
    last_date          date    NOT NULL,
    oneday             numeric,
    threeday           numeric,
    -- Crashes per million users, day0 the last.
    day0 numeric NOT NULL, day1 numeric NOT NULL, day2 numeric NOT NULL, day3 numeric NOT NULL,
    day4 numeric NOT NULL, day5 numeric NOT NULL, day6 numeric NOT NULL, day7 numeric NOT NULL,
    day8 numeric NOT NULL, day9 numeric NOT NULL,
    PRIMARY KEY (product_version_id, last_date, signature_id)
);
CREATE INDEX explosiveness_by_day ON explosiveness (last_date);

-- Protected: urls.
CREATE TABLE crashes_by_url (
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    url_id             integer NOT NULL,
    signature_id       integer NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (product_version_id, report_date, url_id, signature_id)
);
CREATE INDEX crashes_by_url_by_day ON crashes_by_url (report_date);
CREATE INDEX crashes_by_url_by_signature ON crashes_by_url (signature_id, report_date);

CREATE TABLE crashes_by_domain (
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    domain_id          integer NOT NULL,
    signature_id       integer NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (product_version_id, report_date, domain_id, signature_id)
);
CREATE INDEX crashes_by_domain_by_day ON crashes_by_domain (report_date);
CREATE INDEX crashes_by_domain_by_signature ON crashes_by_domain (signature_id, report_date);

CREATE TABLE crashes_by_flash_version (
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    flash_version_id   integer NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (product_version_id, report_date, flash_version_id)
);
CREATE INDEX crashes_by_flash_version_by_day ON crashes_by_flash_version (report_date);

-- The summary of one signature is read by signature and days, and written by day.
CREATE TABLE signature_summary_os (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    os_version_string  text    NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, os_version_string)
);
CREATE INDEX signature_summary_os_by_day ON signature_summary_os (report_date);

CREATE TABLE signature_summary_uptime (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    uptime_string      text    NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, uptime_string)
);
CREATE INDEX signature_summary_uptime_by_day ON signature_summary_uptime (report_date);

CREATE TABLE signature_summary_products (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id)
);
CREATE INDEX signature_summary_products_by_day ON signature_summary_products (report_date);

CREATE TABLE signature_summary_architecture (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    architecture       text    NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, architecture)
);
CREATE INDEX signature_summary_architecture_by_day ON signature_summary_architecture (report_date);

CREATE TABLE signature_summary_process_type (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    process_type       text    NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, process_type)
);
CREATE INDEX signature_summary_process_type_by_day ON signature_summary_process_type (report_date);

CREATE TABLE signature_summary_flash_version (
    signature_id       integer NOT NULL,
    report_date        date    NOT NULL,
    product_version_id integer NOT NULL,
    flash_version      text    NOT NULL,
    report_count       integer NOT NULL,
    PRIMARY KEY (signature_id, report_date, product_version_id, flash_version)
);
CREATE INDEX signature_summary_flash_version_by_day
    ON signature_summary_flash_version (report_date);

-- Crashes per 100 users, with what the throttle left out. A hang counts by its browser's or its
-- plugin's side, as it came.
CREATE VIEW product_os_crash_ratio AS
SELECT crashes.productdims_id AS product_version_id, product_info.product_name,
       product_info.version_string, crashes.os_short_name, os_names.os_name,
       crashes.adu_day AS adu_date, crashes.crashes, product_adu.adu_count,
       product_info.throttle / 100 AS throttle,
       (crashes.crashes / (product_info.throttle / 100))::bigint AS adjusted_crashes,
       round(crashes.crashes / (product_info.throttle / 100) * 100
             / nullif(product_adu.adu_count, 0), 3) AS crash_ratio
FROM (
    SELECT productdims_id, os_short_name, adu_day, sum(count) AS crashes
    FROM daily_crashes WHERE report_type IN ('C', 'p', 'T', 'P')
    GROUP BY productdims_id, os_short_name, adu_day) AS crashes
JOIN product_info ON product_info.product_version_id = crashes.productdims_id
JOIN os_names ON initcap(os_names.os_short_name) = crashes.os_short_name
JOIN product_adu ON product_adu.product_version_id = crashes.productdims_id
    AND product_adu.adu_date = crashes.adu_day AND product_adu.os_name = os_names.os_name;

CREATE VIEW product_crash_ratio AS
SELECT crashes.productdims_id AS product_version_id, product_info.product_name,
       product_info.version_string, crashes.adu_day AS adu_date, crashes.crashes,
       users.adu_count, product_info.throttle / 100 AS throttle,
       (crashes.crashes / (product_info.throttle / 100))::bigint AS adjusted_crashes,
       round(crashes.crashes / (product_info.throttle / 100) * 100
             / nullif(users.adu_count, 0), 3) AS crash_ratio
FROM (
    SELECT productdims_id, adu_day, sum(count) AS crashes
    FROM daily_crashes WHERE report_type IN ('C', 'p', 'T', 'P')
    GROUP BY productdims_id, adu_day) AS crashes
JOIN product_info ON product_info.product_version_id = crashes.productdims_id
JOIN (
    SELECT product_version_id, adu_date, sum(adu_count) AS adu_count
    FROM product_adu GROUP BY product_version_id, adu_date) AS users
    ON users.product_version_id = crashes.productdims_id AND users.adu_date = crashes.adu_day;
