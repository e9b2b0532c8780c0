-- Products, their channels, versions and builds, with the columns of the original. Which version a
-- report is of, and for how long a version counts, is decided by these.

CREATE TABLE products (
    product_name          text PRIMARY KEY,
    sort                  smallint NOT NULL DEFAULT 0,
    -- From this version on its versions are made from builds; older ones stand in productdims.
    rapid_release_version text NOT NULL DEFAULT '0.0',
    -- How builders say it; compared without case.
    release_name          text NOT NULL
);
INSERT INTO products VALUES
    ('Firefox', 1, '5.0', 'firefox'), ('Thunderbird', 2, '6.0', 'thunderbird'),
    ('Fennec', 3, '5.0', 'mobile'), ('Camino', 4, '2.1', 'camino'),
    ('SeaMonkey', 5, '2.3', 'seamonkey'), ('FennecAndroid', 6, '10.0', '**special**');

CREATE TABLE release_channels (
    release_channel text PRIMARY KEY,
    sort            smallint NOT NULL DEFAULT 0
);
INSERT INTO release_channels VALUES
    ('Nightly', 1), ('Aurora', 2), ('Beta', 3), ('Release', 4), ('ESR', 5);

-- What clients and builders call a channel, compared with ILIKE.
CREATE TABLE release_channel_matches (
    release_channel text NOT NULL REFERENCES release_channels,
    match_string    text NOT NULL,
    PRIMARY KEY (release_channel, match_string)
);
INSERT INTO release_channel_matches VALUES
    ('Release', 'release'), ('Release', 'default'), ('Beta', 'beta'), ('Aurora', 'aurora'),
    ('Nightly', 'nightly%'), ('ESR', 'esr');

CREATE TABLE product_release_channels (
    product_name    text NOT NULL REFERENCES products,
    release_channel text NOT NULL REFERENCES release_channels,
    -- The share of crashes that is kept, from 0 to 1.
    throttle        numeric NOT NULL DEFAULT 1.0 CHECK (throttle > 0 AND throttle <= 1),
    PRIMARY KEY (product_name, release_channel)
);
INSERT INTO product_release_channels
SELECT product_name, release_channel,
       CASE WHEN product_name = 'Firefox' AND release_channel = 'Release' THEN 0.1 ELSE 1.0 END
FROM products CROSS JOIN release_channels;

-- The product that a client's GUID belongs to.
CREATE TABLE product_productid_map (
    product_name  text NOT NULL REFERENCES products,
    -- With its braces.
    productid     text PRIMARY KEY,
    rewrite       boolean NOT NULL DEFAULT false,
    version_began text NOT NULL DEFAULT '0.0',
    version_ended text
);
INSERT INTO product_productid_map (product_name, productid, rewrite, version_began) VALUES
    ('Firefox', '{ec8030f7-c20a-464f-9b0e-13a3a9e97384}', false, '0.7'),
    ('Thunderbird', '{3550f703-e582-4d05-9a08-453d09bdfdc6}', false, '0.3'),
    ('SeaMonkey', '{92650c4d-4b8e-4d2a-b7eb-24ecf4f6b63a}', false, '1.0a'),
    ('Fennec', '{a23983c0-fd0e-11dc-95ff-0800200c9a66}', false, '0.1'),
    ('FennecAndroid', '{aa3c5121-dab2-40e2-81ca-7ea25febc110}', true, '0.0');

-- Repositories whose builds count. Others are tests of branches.
CREATE TABLE release_repositories (
    repository text PRIMARY KEY
);
INSERT INTO release_repositories VALUES
    ('mozilla-central'), ('mozilla-1.9.2'), ('comm-central'), ('comm-1.9.2'),
    ('comm-central-trunk'), ('mozilla-central-android'), ('mozilla-release'), ('mozilla-beta'),
    ('mozilla-aurora'), ('mozilla-aurora-android'), ('mozilla-esr10'), ('mozilla-esr10-android'),
    ('release');

-- Builds for these platforms are another product than their name says.
CREATE TABLE special_product_platforms (
    platform        text NOT NULL,
    repository      text NOT NULL REFERENCES release_repositories,
    release_channel text NOT NULL REFERENCES release_channels,
    release_name    text NOT NULL,
    product_name    text NOT NULL REFERENCES products,
    min_version     text NOT NULL,
    PRIMARY KEY (release_name, platform, repository, release_channel)
);
INSERT INTO special_product_platforms VALUES
    ('android', 'mozilla-release', 'Release', 'mobile', 'FennecAndroid', '10.0'),
    ('android', 'mozilla-release', 'Beta', 'mobile', 'FennecAndroid', '10.0'),
    ('android', 'mozilla-beta', 'Beta', 'mobile', 'FennecAndroid', '10.0'),
    ('android', 'mozilla-central-android', 'Nightly', 'mobile', 'FennecAndroid', '10.0'),
    ('android', 'mozilla-aurora-android', 'Aurora', 'mobile', 'FennecAndroid', '10.0'),
    ('android-arm', 'mozilla-central-android', 'Nightly', 'mobile', 'FennecAndroid', '10.0'),
    ('android-arm', 'mozilla-aurora-android', 'Aurora', 'mobile', 'FennecAndroid', '10.0');

-- Versions of both kinds share one row of numbers, so that a number says which version it is.
CREATE SEQUENCE product_version_ids AS integer;

CREATE TABLE product_versions (
    product_version_id integer PRIMARY KEY DEFAULT nextval('product_version_ids'),
    product_name       text    NOT NULL REFERENCES products,
    major_version      text    NOT NULL,
    -- As builders say it: without a beta's number, with esr.
    release_version    text    NOT NULL,
    -- As people say it: 13.0b4, 13.0(beta), 10.0.2esr.
    version_string     text    NOT NULL,
    -- 999 for the release itself, shipped to the beta channel.
    beta_number        integer,
    version_sort       text    NOT NULL,
    build_date         date    NOT NULL,
    sunset_date        date    NOT NULL,
    featured_version   boolean NOT NULL DEFAULT false,
    build_type         text    NOT NULL REFERENCES release_channels,
    -- Aurora and beta may have had the same text, one after the other.
    UNIQUE (product_name, version_string, build_type)
);
CREATE INDEX product_versions_by_release ON product_versions (product_name, release_version);

CREATE TABLE product_version_builds (
    product_version_id integer NOT NULL REFERENCES product_versions ON DELETE CASCADE,
    build_id           numeric NOT NULL,
    platform           text    NOT NULL,
    repository         text    NOT NULL,
    PRIMARY KEY (product_version_id, build_id, platform, repository)
);

-- Who changed a version by hand.
CREATE TABLE product_info_changelog (
    product_version_id integer     NOT NULL,
    user_name          text        NOT NULL,
    changed_on         timestamptz NOT NULL DEFAULT now(),
    oldrec             jsonb,
    newrec             jsonb
);

-- Versions from before rapid releases.
CREATE TABLE productdims (
    id           integer PRIMARY KEY DEFAULT nextval('product_version_ids'),
    product      text NOT NULL,
    version      text NOT NULL,
    branch       text NOT NULL DEFAULT '2.2',
    release      text NOT NULL CHECK (release IN ('major', 'milestone', 'development')),
    sort_key     integer,
    version_sort text,
    UNIQUE (product, version)
);

CREATE TABLE product_visibility (
    productdims_id integer PRIMARY KEY REFERENCES productdims ON DELETE CASCADE,
    start_date     date    NOT NULL,
    end_date       date    NOT NULL,
    ignore         boolean NOT NULL DEFAULT false,
    featured       boolean NOT NULL DEFAULT false,
    -- In percent.
    throttle       numeric NOT NULL DEFAULT 100 CHECK (throttle > 0 AND throttle <= 100)
);

-- All versions of both kinds. An old one counts where no new one has its name.
CREATE VIEW product_info AS
SELECT product_versions.product_version_id, product_versions.product_name,
       product_versions.version_string, 'new'::text AS which_table,
       product_versions.build_date AS start_date, product_versions.sunset_date AS end_date,
       product_versions.featured_version AS is_featured, product_versions.build_type,
       product_release_channels.throttle * 100 AS throttle, product_versions.version_sort,
       products.sort AS product_sort, release_channels.sort AS channel_sort
FROM product_versions
JOIN products USING (product_name)
JOIN release_channels ON release_channels.release_channel = product_versions.build_type
JOIN product_release_channels
    ON product_release_channels.product_name = product_versions.product_name
   AND product_release_channels.release_channel = product_versions.build_type
UNION ALL
SELECT productdims.id, productdims.product, productdims.version, 'old',
       product_visibility.start_date, product_visibility.end_date, product_visibility.featured,
       CASE productdims.release WHEN 'major' THEN 'Release' WHEN 'milestone' THEN 'Beta'
           ELSE 'Nightly' END,
       product_visibility.throttle, productdims.version_sort,
       coalesce(products.sort, 0),
       CASE productdims.release WHEN 'major' THEN 4 WHEN 'milestone' THEN 3 ELSE 1 END
FROM productdims
JOIN product_visibility ON product_visibility.productdims_id = productdims.id
LEFT JOIN products ON products.product_name = productdims.product
WHERE NOT product_visibility.ignore
  AND NOT EXISTS (
    SELECT FROM product_versions AS newer
    WHERE newer.product_name = productdims.product AND newer.version_string = productdims.version);

-- The versions that are to be seen today.
CREATE VIEW product_selector AS
SELECT product_name, version_string, which_table, version_sort, is_featured, build_type
FROM product_info
WHERE (now() AT TIME ZONE 'UTC')::date BETWEEN start_date AND end_date;

-- The version that each product shows first: a visible one, then a featured one, then the most
-- stable channel, then the newest.
CREATE VIEW default_versions AS
SELECT DISTINCT ON (product_name) product_name, version_string, product_version_id
FROM product_info
ORDER BY product_name,
    ((now() AT TIME ZONE 'UTC')::date BETWEEN start_date AND end_date) DESC,
    is_featured DESC, channel_sort DESC, version_sort DESC NULLS LAST, product_version_id;

CREATE VIEW branches AS
SELECT product, version, branch FROM productdims
UNION
SELECT product_name, release_version, '2.2' FROM product_versions;

CREATE VIEW jobs_in_queue AS
SELECT count(*) FROM jobs;

-- What people changed, and who.
CREATE TABLE audit (
    happened_at timestamptz NOT NULL DEFAULT now(),
    actor       text        NOT NULL DEFAULT session_user,
    action      text        NOT NULL,
    object      text        NOT NULL,
    detail      jsonb
);
CREATE INDEX audit_happened_at ON audit (happened_at);
