//! Builds that were released: told by files or by who builds.

use auxilio_common::Day;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::{Database, Error};

/// Characters of each text of a build: names of people's making stay far below it.
const TEXT_CHARS_MAX: usize = 100;

/// Digits of a build id: fourteen are usual.
const BUILD_ID_DIGITS_MAX: usize = 20;

/// A build that was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The product, by its name or as builders call it.
    pub product: String,
    /// Without the number of a beta.
    pub version: String,
    /// The channel.
    pub channel: String,
    /// Digits that begin with the day of the build.
    pub build_id: String,
    /// The platform.
    pub platform: String,
    /// The number of a beta.
    pub beta_number: Option<i32>,
    /// Where it was built from.
    pub repository: String,
}

/// What became of a build that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is new.
    Added,
    /// It was there already.
    Known,
    /// It is none, and why.
    Refused(String),
}

/// A build that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// What was told of it.
    pub release: Release,
    /// Its day.
    pub day: Day,
}

/// Builds of the repositories in which a product goes on, the newest first.
const OF_TRUNK: &str = "
    SELECT product_name, version, platform, build_id::text, build_type, beta_number, repository
    FROM releases_raw
    WHERE lower(product_name) = lower($1) AND ($2::text IS NULL OR version = $2)
      AND left(build_id::text, 8) >= $3
      AND repository ~ '^(mozilla-central|mozilla-1[.]9[.]2|comm-)|android'
    ORDER BY build_id DESC, platform, repository, build_type, version LIMIT 10000";

impl Release {
    /// Where a build is from that does not say it.
    pub const REPOSITORY: &str = "release";

    /// What is wrong with it, as far as that can be said without the tables.
    fn fault(&self) -> Option<String> {
        let texts = [
            ("product", &self.product),
            ("version", &self.version),
            ("channel", &self.channel),
            ("platform", &self.platform),
            ("repository", &self.repository),
        ];
        for (name, text) in texts {
            if text.is_empty() {
                return Some(format!("the {name} is empty"));
            }
            if text.chars().count() > TEXT_CHARS_MAX {
                return Some(format!("the {name} has more than {TEXT_CHARS_MAX} characters"));
            }
            if text.chars().any(char::is_control) {
                return Some(format!("the {name} holds a control character"));
            }
        }
        let is_id = self.build_id.bytes().all(|byte| byte.is_ascii_digit())
            && (8..=BUILD_ID_DIGITS_MAX).contains(&self.build_id.len());
        (!is_id).then(|| format!("the build id is not of 8 to {BUILD_ID_DIGITS_MAX} digits"))
    }
}

impl Database {
    /// A product's builds of the trunk since a day, the newest first.
    pub async fn builds_of_trunk(
        &self,
        product: &str,
        version: Option<&str>,
        from: Day,
    ) -> Result<Vec<Build>, Error> {
        const OPERATION: &str = "list builds";
        let from = from.compact();
        let rows = self.query(OPERATION, OF_TRUNK, &[&product, &version, &from]).await?;
        let read = |row: &Row| {
            let build_id: String = row.get(3);
            let day = build_id.get(..8).and_then(|day| day.parse().ok());
            // The tables take builds with a day only.
            let what = || Error::Unexpected {
                operation: OPERATION,
                what: "a build has no day".to_owned(),
            };
            let release = Release {
                product: row.get(0),
                version: row.get(1),
                platform: row.get(2),
                build_id,
                channel: row.get(4),
                beta_number: row.get(5),
                repository: row.get(6),
            };
            Ok(Build { release, day: day.ok_or_else(what)? })
        };
        rows.iter().map(read).collect()
    }

    /// Adds a build. What is wrong with it is said and not an error.
    pub async fn add_release(&self, release: &Release) -> Result<Released, Error> {
        if let Some(fault) = release.fault() {
            return Ok(Released::Refused(fault));
        }
        let sql = "SELECT add_new_release($1, $2, $3, $4::text::numeric, $5, $6, $7, false)";
        let values: [&(dyn ToSql + Sync); 7] = [
            &release.product,
            &release.version,
            &release.channel,
            &release.build_id,
            &release.platform,
            &release.beta_number,
            &release.repository,
        ];
        match self.query_one("add a build", sql, &values).await {
            Ok(_) => Ok(Released::Added),
            Err(Error::Refused { source, .. }) if source.code == "23505" => Ok(Released::Known),
            // Class 22: the value is at fault.
            Err(Error::Refused { source, .. }) if source.code.starts_with("22") => {
                Ok(Released::Refused(source.message))
            }
            // A rule of the table; all but this one are the procedure's own words.
            Err(Error::Refused { source, .. }) if source.code == "23514" => {
                Ok(Released::Refused("the number of a beta is not 1 or more".into()))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_table_need_be_asked_for_is_said_at_once() {
        let good = Release {
            product: "Firefox".into(),
            version: "13.0".into(),
            channel: "beta".into(),
            build_id: "20120615030405".into(),
            platform: "linux".into(),
            beta_number: None,
            repository: Release::REPOSITORY.into(),
        };
        let with = |change: fn(&mut Release)| {
            let mut release = good.clone();
            change(&mut release);
            release.fault().unwrap_or_default()
        };
        assert_eq!(with(|_| {}), "");
        assert_eq!(with(|it| it.platform.clear()), "the platform is empty");
        assert_eq!(
            with(|it| it.version = "1".repeat(101)),
            "the version has more than 100 characters"
        );
        assert_eq!(with(|it| it.product.push('\0')), "the product holds a control character");
        for wrong in ["", "2012061", "2.0120615e13", "NaN", "201206150304050607080"] {
            let release = Release { build_id: wrong.into(), ..good.clone() };
            assert_eq!(
                release.fault().unwrap(),
                "the build id is not of 8 to 20 digits",
                "{wrong}"
            );
        }
    }
}
