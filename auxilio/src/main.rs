//! The one program: `auxilio run ROLE`, `auxilio up` and the verbs of its operators.
//!
//! It alone knows every part and picks the store. It deliberately does none of the parts' work.

mod cli;
mod closed_output;
mod config;
mod crate_version;
mod installation;
mod roles;
mod run;
mod store;
mod up;
mod verbs;

use std::process::ExitCode;

use auxilio_service::environment::Environment;
use clap::Parser;

use crate::cli::{Cli, CronVerb, ProductVerb, SpoolVerb, Verb};
use crate::closed_output::ClosedOutput;

fn main() -> ExitCode {
    // A walker is started by its processor alone and takes nothing from the environment.
    let cli = Cli::parse();
    let environment = Environment::of_process();
    let closed_output = ClosedOutput { is_list: is_list(&cli.verb) };
    if !matches!(cli.verb, Verb::Up(_) | Verb::Run(_) | Verb::StackwalkWorker) {
        closed_output.ends_printing();
    }
    perform(cli, &environment).unwrap_or_else(|error| {
        closed_output.end(&error).unwrap_or_else(|| {
            eprintln!("auxilio: {error:#}");
            ExitCode::from(1)
        })
    })
}

/// Whether a verb is there for what it prints alone.
fn is_list(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Fields(_)
            | Verb::Stackwalk(_)
            | Verb::Process(_)
            | Verb::Product { verb: ProductVerb::List }
            | Verb::Cron { verb: CronVerb::List }
            | Verb::Spool { verb: SpoolVerb::Ls { .. }, .. }
    )
}

fn perform(cli: Cli, environment: &Environment) -> anyhow::Result<ExitCode> {
    let place = cli.place;
    match cli.verb {
        Verb::Up(options) => up::perform(&place, &options, environment),
        Verb::Run(options) => run::perform(&place, &options, environment),
        Verb::Submit(options) => verbs::submit::perform(&place, &options, environment),
        Verb::Loadtest(options) => verbs::loadtest::perform(&place, &options, environment),
        Verb::Sample(options) => verbs::sample::perform(&place, &options, environment),
        Verb::Receipt(options) => verbs::receipt::perform(&place, &options, environment),
        Verb::Doctor => verbs::doctor::perform(&place, environment),
        Verb::Reprocess(options) => verbs::reprocess::perform(&place, &options, environment),
        Verb::Reconcile(options) => verbs::reconcile::perform(&place, &options, environment),
        Verb::Stackwalk(options) => verbs::stackwalk::perform(&options),
        Verb::Process(options) => verbs::process::perform(&place, &options),
        Verb::Signature(options) => verbs::signature::perform(&place, &options, environment),
        Verb::Db { verb } => verbs::db::perform(&place, &verb, environment),
        Verb::Product { verb } => verbs::product::perform(&place, &verb, environment),
        Verb::Cron { verb } => verbs::cron::perform(&place, &verb, environment),
        Verb::Hbase { verb } => verbs::hbase::perform(&place, &verb, environment),
        Verb::Spool { dirs, verb } => verbs::spool::perform(&place, &dirs, &verb, environment),
        Verb::Throttle { verb } => verbs::throttle::perform(&place, &verb, environment),
        Verb::Fields(options) => verbs::fields::perform(&options),
        Verb::Config { verb } => verbs::config::perform(&place, &verb, environment),
        Verb::StackwalkWorker => Ok(verbs::stackwalk::work()),
    }
}
