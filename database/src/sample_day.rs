//! What a day of sample rows needs beside them to be counted: known builds, and users.

use auxilio_common::Day;
use tokio_postgres::types::ToSql;

use crate::{Database, Error, Release, SampleRows};

impl Database {
    /// Whether a day's week was dropped: what was counted of it stays, and nothing is counted anew.
    pub async fn is_sealed(&self, day: Day) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (
                       SELECT FROM sealed_weeks WHERE week = date_trunc('week', $1::date::timestamp))";
        Ok(self.query_one("look for a sealed week", sql, &[&day.date()]).await?.get(0))
    }
}

impl SampleRows {
    /// Makes builds known, and the versions that they are of. Returns how many were not known.
    pub async fn add_builds(&self, builds: &[Release]) -> Result<u64, Error> {
        let refused = |source| Error::from_driver("add builds of samples", source);
        let column = |read: fn(&Release) -> &str| builds.iter().map(read).collect::<Vec<_>>();
        let betas: Vec<Option<i32>> = builds.iter().map(|build| build.beta_number).collect();
        let sql = "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type,
                       beta_number, repository)
                   SELECT product, version, platform, build_id::numeric, channel, beta, repository
                   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
                       $7::text[]) AS told (product, version, platform, build_id, channel, beta, repository)
                   ON CONFLICT DO NOTHING";
        let products = column(|build| &build.product);
        let versions = column(|build| &build.version);
        let platforms = column(|build| &build.platform);
        let ids = column(|build| &build.build_id);
        let channels = column(|build| &build.channel);
        let repositories = column(|build| &build.repository);
        let values: [&(dyn ToSql + Sync); 7] =
            [&products, &versions, &platforms, &ids, &channels, &betas, &repositories];
        let added = self.client.execute(sql, &values).await.map_err(refused)?;
        self.client.execute("SELECT update_product_versions()", &[]).await.map_err(refused)?;
        Ok(added)
    }

    /// Gives products, named by their GUIDs, users on a day, in the place of those that they had: for
    /// each crash some hundred in releases and fewer in early channels. The day's rows must be there.
    pub async fn count_users(&mut self, day: Day, guids: &[&str]) -> Result<u64, Error> {
        let refused = |source| Error::from_driver("count users of samples", source);
        let transaction = self.client.transaction().await.map_err(refused)?;
        let sql = "DELETE FROM raw_adu WHERE date = $1 AND product_guid = ANY ($2)";
        transaction.execute(sql, &[&day.date(), &guids]).await.map_err(refused)?;
        let sql = "INSERT INTO raw_adu (adu_count, date, product_name, product_os_platform,
                       product_version, build, build_channel, product_guid)
                   SELECT count(*) * CASE release_channel
                              WHEN 'nightly' THEN 40 WHEN 'aurora' THEN 60 WHEN 'beta' THEN 150
                              ELSE 500 END,
                          $1, product, os_name, version, build, release_channel, productid
                   FROM reports
                   WHERE crash_day = $1 AND productid = ANY ($2)
                   GROUP BY product, os_name, version, build, release_channel, productid";
        let made = transaction.execute(sql, &[&day.date(), &guids]).await.map_err(refused)?;
        let sql = "SELECT mark_dirty_days(ARRAY[$1::date])";
        transaction.execute(sql, &[&day.date()]).await.map_err(refused)?;
        transaction.commit().await.map_err(refused)?;
        Ok(made)
    }
}
