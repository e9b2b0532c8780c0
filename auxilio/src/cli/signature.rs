//! `auxilio signature` and its verbs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SignatureOptions {
    /// A folder of lists that replaces all built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) lists: Option<PathBuf>,
    /// Say step by step how each signature comes about
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<SignatureVerb>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SignatureVerb {
    /// Say which signatures other lists would split, merge or change; changes nothing
    #[command(after_help = TRY_EXAMPLES)]
    Try {
        #[command(flatten)]
        lists: ListOptions,
        /// The most lines of signatures that are shown; with --json all are
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Give reports the signatures of other lists, with a record by which it can be undone
    Apply {
        #[command(flatten)]
        lists: ListOptions,
        /// Crashes looked at a second; without it, as fast as Postgres takes them
        #[arg(long, value_name = "R", value_parser = super::parse_rate)]
        rate: Option<f64>,
    },
    /// Give reports the signatures back that they had before a change
    Undo {
        /// The change, as apply named it
        #[arg(value_name = "CHANGE")]
        change: i64,
        /// Crashes a second; without it, as fast as Postgres takes them
        #[arg(long, value_name = "R", value_parser = super::parse_rate)]
        rate: Option<f64>,
    },
    /// List the changes so far, the latest first
    Changes,
}

const TRY_EXAMPLES: &str = "Examples:
  auxilio signature try --lists site-lists --days 14
  auxilio signature try --lists site-lists --json | head -n 1
  auxilio signature apply --lists site-lists --days 14";

/// The lists to sign by, and the crashes.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListOptions {
    /// A folder of lists in place of the site's, which is processor.signature.lists_dir
    #[arg(long, value_name = "DIR")]
    pub(crate) lists: Option<PathBuf>,
    /// A product's folder of lists in place of those of processor.signature.product_lists_dirs; may be repeated
    #[arg(long, value_name = "PRODUCT=DIR")]
    pub(crate) product_lists: Vec<String>,
    /// The crashes of the last so many days (UTC), today's included
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) days: u32,
}
