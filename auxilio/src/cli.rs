//! The command line. What scripts count on stands in docs/interface.md.

mod cron;
mod product;
mod signature;

use std::path::PathBuf;

use auxilio_common::{CrashId, Day};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::cron::CronVerb;
pub(crate) use self::product::ProductVerb;
pub(crate) use self::signature::{ListOptions, SignatureOptions, SignatureVerb};

/// A self-hosted crash-report system.
#[derive(Debug, Parser)]
#[command(name = "auxilio", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Which installation a verb is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// The data folder of an embedded installation
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A configuration file
    #[arg(long, global = true, value_name = "FILE", env = "AUXILIO_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run everything in one process, with a private Postgres in the data folder
    Up(UpOptions),
    /// Run one role, or several in one process
    Run(RunOptions),
    /// Post minidumps to a collector; prints a crash id a line
    Submit(SubmitOptions),
    /// Post real crashes at a rate or flat out, and say what the system made of them
    Loadtest(LoadtestOptions),
    /// Post real crashes with plausible annotations, spread over past days; prints ids
    Sample(SampleOptions),
    /// Show a crash's way so far: received, spooled, stored, queued, processed
    Receipt(ReceiptOptions),
    /// Look an installation over, and name what is not as it must be; changes nothing
    Doctor,
    /// Ask for crashes to be processed again: by ids, a file of ids, or a condition over reports
    #[command(after_help = REPROCESS_EXAMPLES)]
    Reprocess(ReprocessOptions),
    /// Bring back to a report each crash of the store that Postgres does not know
    #[command(after_help = RECONCILE_EXAMPLES)]
    Reconcile(ReconcileOptions),
    /// Walk a minidump's stacks and print the result as JSON
    Stackwalk(StackwalkOptions),
    /// Process one crash without a store or a database, and print the processed crash as JSON
    #[command(after_help = PROCESS_EXAMPLES)]
    Process(ProcessOptions),
    /// Generate signatures: crash data in, one JSON object a line; or try, apply, undo other lists
    Signature(SignatureOptions),
    /// The database: migrate, status, psql
    Db {
        #[command(subcommand)]
        verb: DbVerb,
    },
    /// The products whose builds make versions: list, add
    Product {
        #[command(subcommand)]
        verb: ProductVerb,
    },
    /// Periodic work: list, run, backfill, status
    Cron {
        #[command(subcommand)]
        verb: CronVerb,
    },
    /// The tables in HBase: create, ddl, check
    Hbase {
        #[command(subcommand)]
        verb: HbaseVerb,
    },
    /// The spools: what lies in them, whether it is whole, what comes back from quarantine
    Spool {
        /// The folder of a spool, also of another machine's; may be repeated [default: the configured ones]
        #[arg(long = "spool", global = true, value_name = "DIR")]
        dirs: Vec<PathBuf>,
        #[command(subcommand)]
        verb: SpoolVerb,
    },
    /// The throttling rules: explain
    Throttle {
        #[command(subcommand)]
        verb: ThrottleVerb,
    },
    /// Print the page of all fields of a processed crash
    Fields(FieldsOptions),
    /// The configuration: check, show
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Serve walks on standard input and output; started by a processor
    #[command(hide = true)]
    StackwalkWorker,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UpOptions {
    /// Added to every port, so that copies run side by side: a multiple of 1000 up to 15000
    #[arg(long, value_name = "N", value_parser = parse_port_offset)]
    pub(crate) port_offset: Option<u16>,
    #[command(flatten)]
    pub(crate) hbase: Option<HbaseOptions>,
}

/// The full topology: a private HBase with its gateway, and memcached.
#[derive(Clone, Debug, Args)]
pub(crate) struct HbaseOptions {
    /// Run a private HBase and memcached too: the folder of HBase's jars (bin/run --hbase knows it)
    #[arg(long = "hbase", value_name = "JARS", required = false, requires = "java")]
    pub(crate) jars: PathBuf,
    /// The program of a Java 17, for HBase
    #[arg(long, value_name = "JAVA", required = false, requires = "jars")]
    pub(crate) java: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    /// The roles to run
    #[arg(required = true, value_name = "ROLE")]
    pub(crate) roles: Vec<Role>,
}

/// A role, in the order in which a crash meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Role {
    Collector,
    Crashmover,
    Monitor,
    Processor,
    Middleware,
    Webapp,
    Cron,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Collector,
        Self::Crashmover,
        Self::Monitor,
        Self::Processor,
        Self::Middleware,
        Self::Webapp,
        Self::Cron,
    ];

    /// The name on the command line and in logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Crashmover => "crashmover",
            Self::Monitor => "monitor",
            Self::Processor => "processor",
            Self::Middleware => "middleware",
            Self::Webapp => "webapp",
            Self::Cron => "cron",
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SubmitOptions {
    /// The collector, as http://host:port [default: the installation's]
    #[arg(long, value_name = "URL")]
    pub(crate) collector: Option<String>,
    /// Annotations as one JSON object, sent as the JSON part
    #[arg(long, value_name = "FILE")]
    pub(crate) extra: Option<PathBuf>,
    /// An annotation; may be repeated
    #[arg(long, value_name = "K=V", value_parser = parse_annotation)]
    pub(crate) annotation: Vec<(String, String)>,
    /// Minidumps, each a crash of its own
    #[arg(required = true, value_name = "DUMP")]
    pub(crate) dumps: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LoadtestOptions {
    /// The collector, as http://host:port [default: the installation's]
    #[arg(long, value_name = "URL")]
    pub(crate) collector: Option<String>,
    /// The middleware, as http://host:port [default: the installation's]
    #[arg(long, value_name = "URL")]
    pub(crate) middleware: Option<String>,
    /// Crashes a second; flat out without it
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    pub(crate) rate: Option<f64>,
    /// Seconds that crashes are posted for
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,
    /// Connections that post side by side
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) senders: u16,
    /// An annotation of every crash; may be repeated
    #[arg(long, value_name = "K=V", value_parser = parse_annotation)]
    pub(crate) annotation: Vec<(String, String)>,
    /// Minidumps, posted in turn
    #[arg(required = true, value_name = "DUMP")]
    pub(crate) dumps: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SampleOptions {
    /// How many crashes
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) count: u64,
    /// The whole days before today (UTC) that they are spread over
    #[arg(long, value_name = "D", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) days: u32,
    /// Decides, with the day, what is posted
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The collector, as http://host:port [default: the installation's]
    #[arg(long, value_name = "URL")]
    pub(crate) collector: Option<String>,
    /// The file of a submitter's token [default: submitter_token in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Write report rows of one day straight into Postgres, for scale; no crash lies behind them
    #[arg(long, requires = "date", conflicts_with_all = ["days", "collector", "token_file"])]
    pub(crate) fast: bool,
    /// The day of --fast, as 2026-11-24
    #[arg(long, value_name = "D", requires = "fast")]
    pub(crate) date: Option<Day>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ReceiptOptions {
    /// The crash, with or without bp-
    #[arg(value_name = "ID")]
    pub(crate) id: CrashId,
    /// The middleware, as http://host:port [default: the installation's]
    #[arg(long, value_name = "URL")]
    pub(crate) middleware: Option<String>,
}

const REPROCESS_EXAMPLES: &str = "Examples:
  auxilio reprocess bp-0b794045-87ec-4649-9ce1-73ec00120824
  auxilio reprocess --file ids.txt --rate 20
  auxilio reprocess --dry-run --where \"signature = 'F1398665248'\"
  auxilio reprocess --where \"product = 'Firefox' AND crash_day >= '2026-11-01'\" --limit 1000";

#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "file", "condition"]))]
pub(crate) struct ReprocessOptions {
    /// Crash ids, with or without bp-
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<CrashId>,
    /// A file of crash ids, one a line, - for standard input; with a line that is none, nothing is queued
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// All crashes whose report meets a condition of SQL over the columns of reports
    #[arg(long = "where", value_name = "CONDITION", allow_hyphen_values = true)]
    pub(crate) condition: Option<String>,
    /// Crashes queued a second; without it, as fast as Postgres takes them
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    pub(crate) rate: Option<f64>,
    /// Queue at most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Queue nothing: say how many would be, and with --json which
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const RECONCILE_EXAMPLES: &str = "Examples:
  auxilio reconcile --from 2026-11-22
  auxilio reconcile --from 2026-11-22 --to 2026-11-23 --dry-run --json
  auxilio reconcile --from 2026-11-01 --to 2026-11-14 --only rows,indexes --remove-orphans --rate 200";

#[derive(Clone, Debug, Args)]
pub(crate) struct ReconcileOptions {
    /// The first day, as 2026-11-22; after a restore, the day before the backup
    #[arg(long, value_name = "D")]
    pub(crate) from: Day,
    /// The last day [default: today, UTC]
    #[arg(long, value_name = "D")]
    pub(crate) to: Option<Day>,
    /// Change nothing: say what would be
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only these parts, separated by commas [default: all but dumps]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_enum)]
    pub(crate) only: Vec<ReconcilePart>,
    /// Remove remains of crashes and rows of indexes that no crash needs, from a week's age on
    #[arg(long)]
    pub(crate) remove_orphans: bool,
    /// Crashes and rows looked at a second; without it, as fast as the store answers
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    pub(crate) rate: Option<f64>,
}

/// A part of what `reconcile` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReconcilePart {
    /// What waits in the spools of this machine, and what of it the store has already
    Spools,
    /// Queued jobs whose crash is nowhere
    Queue,
    /// Rows of the store's indexes without a crash
    Indexes,
    /// Crashes in the store: unfinished ones, and those that an index lacks
    Rows,
    /// Whether all bytes of their dumps are there; the store may have to read them all
    Dumps,
    /// Reports of what the store has
    Reports,
}

impl ReconcilePart {
    /// Those that are gone through if none is named.
    pub(crate) const DEFAULT: [Self; 5] =
        [Self::Spools, Self::Queue, Self::Indexes, Self::Rows, Self::Reports];
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StackwalkOptions {
    /// A folder of symbols in Breakpad's layout; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) symbols: Vec<PathBuf>,
    /// The minidump
    #[arg(value_name = "DUMP")]
    pub(crate) dump: PathBuf,
}

const PROCESS_EXAMPLES: &str = "Examples:
  auxilio process crash.dmp --extra crash.extra --symbols symbols
  auxilio process crash.dmp --annotation ProductName=Demo --explain
  auxilio process --extra java.json --rules site-rules.toml --explain --json";

#[derive(Clone, Debug, Args)]
pub(crate) struct ProcessOptions {
    /// Annotations as one JSON object; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) extra: Option<String>,
    /// An annotation; may be repeated
    #[arg(long, value_name = "K=V", value_parser = parse_annotation)]
    pub(crate) annotation: Vec<(String, String)>,
    /// A further file of the crash under its part's name; may be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_annotation)]
    pub(crate) file: Vec<(String, String)>,
    /// A folder of symbols in Breakpad's layout; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) symbols: Vec<PathBuf>,
    /// A shipped list of rules by name, or a file of site rules by its path
    #[arg(long, value_name = "R", default_value = "today")]
    pub(crate) rules: String,
    /// The crash's id [default: one made of its dump, of today]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<CrashId>,
    /// Say what each rule did, and what it is for, instead of the processed crash
    #[arg(long)]
    pub(crate) explain: bool,
    /// The main minidump; a crash without one is processed by its annotations
    #[arg(value_name = "DUMP")]
    pub(crate) dump: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct FieldsOptions {
    /// Print their JSON Schema instead
    #[arg(long)]
    pub(crate) schema: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DbVerb {
    /// Bring the database to this program's schema
    Migrate,
    /// Say which migrations the database has
    Status,
    /// Write a copy of the database without what names people
    Scrub {
        /// The new database, on the same server
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Open psql on the database
    Psql {
        /// Passed on to psql
        #[arg(last = true, value_name = "ARGS")]
        arguments: Vec<String>,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum HbaseVerb {
    /// Make those tables that are missing: plain ones of one region each
    Create,
    /// Print statements for HBase's shell that make the tables: split, with large cells apart
    Ddl {
        /// Compression that the cluster has
        #[arg(long, value_name = "C", default_value = "NONE", value_parser = ["NONE", "GZ", "SNAPPY", "LZ4", "LZO", "ZSTD"])]
        compression: String,
        /// Days after which crashes expire; without it, never
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
        keep_days: Option<u32>,
    },
    /// Say what is wrong with each gateway and with the tables
    Check,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SpoolVerb {
    /// List the crashes that wait or are in quarantine, then how many there are in each lane
    Ls {
        /// Only how many there are
        #[arg(long)]
        summary: bool,
    },
    /// Read every file wholly and name each that is damaged or unfinished; changes nothing
    Verify,
    /// Put crashes from quarantine back for another try
    #[command(after_help = REQUEUE_EXAMPLES)]
    Requeue(RequeueOptions),
}

const REQUEUE_EXAMPLES: &str = "Examples:
  auxilio spool requeue bp-0b794045-87ec-4649-9ce1-73ec00120824
  auxilio spool requeue --reason \"another crash has this id\" --dry-run
  auxilio spool requeue --all --spool /mnt/collector3/spool";

#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("which_quarantined").required(true).args(["ids", "all", "reason"]))]
pub(crate) struct RequeueOptions {
    /// Crash ids, with or without bp-
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<CrashId>,
    /// All that are in quarantine
    #[arg(long)]
    pub(crate) all: bool,
    /// Those whose reason has this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) reason: Option<String>,
    /// Put nothing back: say what would be
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ThrottleVerb {
    /// Say which rule decides about a crash, and why
    Explain {
        /// The crash's annotations as one JSON object; - for standard input
        #[arg(value_name = "FILE")]
        file: String,
        /// A shipped rule set by name, or a file by its path [default: the configured rules]
        #[arg(long, value_name = "R")]
        rules: Option<String>,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Say whether the configuration is good
    Check,
    /// Print the whole configuration, without secrets
    Show,
}

fn parse_port_offset(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(offset) if offset % 1_000 == 0 && offset <= 15_000 => Ok(offset),
        _ => Err("it must be a multiple of 1000 up to 15000".into()),
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 100_000.0 => Ok(rate),
        _ => Err("a rate is more than 0 and at most 100000 a second".into()),
    }
}

fn parse_annotation(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("an annotation is written as NAME=VALUE".into()),
    }
}
