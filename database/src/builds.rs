//! Builds that are known, as a processor needs them.

use crate::{Database, Error};

/// A beta, and how its product says its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBeta {
    /// The product.
    pub product: String,
    /// The channel: beta or aurora.
    pub channel: String,
    /// The build id, in digits.
    pub build_id: String,
    /// The version with the beta's number, as 13.0b4.
    pub version: String,
}

impl Database {
    /// All betas that are known.
    pub async fn known_betas(&self) -> Result<Vec<KnownBeta>, Error> {
        let sql = "SELECT product, channel, build_id, version FROM known_betas()";
        let rows = self.query("list known betas", sql, &[]).await?;
        let beta = |row: &tokio_postgres::Row| KnownBeta {
            product: row.get(0),
            channel: row.get(1),
            build_id: row.get(2),
            version: row.get(3),
        };
        Ok(rows.iter().map(beta).collect())
    }
}
