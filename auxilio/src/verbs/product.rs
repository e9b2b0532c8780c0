//! `auxilio product`: the products whose builds make versions.

use std::process::ExitCode;

use auxilio_database::{Database, DbRole, Product};
use auxilio_service::environment::Environment;
use serde_json::json;

use super::runtime;
use crate::cli::{Place, ProductVerb};
use crate::installation::Installation;

pub(crate) fn perform(
    place: &Place,
    verb: &ProductVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config.database;
    let database = Database::connect(&config, DbRole::Cron)?;
    runtime()?.block_on(async {
        database.check().await?;
        match verb {
            ProductVerb::List => {
                for product in database.products().await? {
                    print(&product, place.json);
                }
            }
            ProductVerb::Add { name, release_name, first_version } => {
                let product = Product {
                    name: name.clone(),
                    release_name: release_name.as_ref().unwrap_or(name).to_lowercase(),
                    first_version: first_version.clone(),
                };
                if let Some(fault) = database.add_product(&product).await? {
                    eprintln!("auxilio: {fault}");
                    return Ok(ExitCode::from(2));
                }
                print(&product, place.json);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(product: &Product, as_json: bool) {
    let Product { name, release_name, first_version } = product;
    if as_json {
        let line =
            json!({"product": name, "release_name": release_name, "first_version": first_version});
        println!("{line}");
    } else {
        println!("{name:<26} {release_name:<26} from {first_version}");
    }
}
