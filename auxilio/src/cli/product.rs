//! `auxilio product` and its verbs.

use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ProductVerb {
    /// Print the products
    List,
    /// Add a product, so that its builds can be told
    Add {
        /// What clients call it
        #[arg(value_name = "NAME")]
        name: String,
        /// What its builders call it [default: the name in small letters]
        #[arg(long, value_name = "NAME")]
        release_name: Option<String>,
        /// The first version that is made from builds
        #[arg(long, value_name = "V", default_value = "0.0")]
        first_version: String,
    },
}
