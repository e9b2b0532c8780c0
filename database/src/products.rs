//! Products: whose builds may be told.

use tokio_postgres::Row;

use crate::{Database, Error};

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// What clients call it.
    pub name: String,
    /// What its builders call it, in small letters.
    pub release_name: String,
    /// The first version that is made from builds.
    pub first_version: String,
}

impl Database {
    /// All products, in the order in which people see them.
    pub async fn products(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT product_name, release_name, rapid_release_version FROM products
                   ORDER BY sort, product_name";
        let read = |row: &Row| Product {
            name: row.get(0),
            release_name: row.get(1),
            first_version: row.get(2),
        };
        Ok(self.query("list products", sql, &[]).await?.iter().map(read).collect())
    }

    /// Adds a product. What is wrong with it is said and not an error.
    pub async fn add_product(&self, product: &Product) -> Result<Option<String>, Error> {
        let Product { name, release_name, first_version } = product;
        if [name, release_name, first_version].iter().any(|text| text.contains('\0')) {
            return Ok(Some("no name or version has U+0000".to_owned()));
        }
        let sql = "SELECT add_product($1, $2, $3)";
        match self.query_one("add a product", sql, &[name, release_name, first_version]).await {
            Ok(_) => Ok(None),
            // The value is at fault, or there already.
            Err(Error::Refused { source, .. })
                if source.code.starts_with("22") || source.code == "23505" =>
            {
                Ok(Some(source.message))
            }
            Err(error) => Err(error),
        }
    }
}
