-- Builds that were released, with the columns of the original: which version a build id is of.
-- Filled by `auxilio cron` from a folder or by a POST; a processor looks betas up here.
CREATE TABLE releases_raw (
    product_name text NOT NULL,
    -- Without the number of a beta, as builders say it: 13.0.
    version      text NOT NULL,
    platform     text NOT NULL,
    build_id     numeric NOT NULL CHECK (build_id > 0),
    -- The channel: release, beta, aurora, nightly, esr.
    build_type   text NOT NULL,
    beta_number  integer CHECK (beta_number > 0),
    repository   text NOT NULL DEFAULT 'mozilla-release',
    PRIMARY KEY (product_name, version, build_type, build_id, platform, repository)
);
