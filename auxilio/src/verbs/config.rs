//! `auxilio config`: is it good, and what is it.

use std::process::ExitCode;

use auxilio_collector::RuleSet;
use auxilio_processor::list_folder::ListFolderError;
use auxilio_processor::signing::SigningError;
use auxilio_processor::{Signing, rule_file};
use auxilio_service::config as loader;
use auxilio_service::environment::Environment;
use auxilio_service::rule_text::RulesError;

use crate::cli::{ConfigVerb, Place};
use crate::installation::Installation;

pub(crate) fn perform(
    place: &Place,
    verb: &ConfigVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let installation = Installation::find(place, environment)?;
    match verb {
        ConfigVerb::Check => {
            match RuleSet::load(&installation.config.collector.throttle.rules) {
                // The file may lie on the collectors alone, and this be another machine.
                Err(error @ RulesError::Read { .. }) => eprintln!("auxilio: not checked: {error}"),
                loaded => drop(loaded?),
            }
            match rule_file::load(&installation.config.processor.rules) {
                // Likewise, on the processors.
                Err(error @ RulesError::Read { .. }) => {
                    eprintln!("auxilio: not checked: {error}");
                }
                loaded => drop(loaded?),
            }
            match Signing::load(&installation.config.processor.signature) {
                Err(SigningError::Folder(error @ ListFolderError::Read { .. })) => {
                    eprintln!("auxilio: not checked: {error}");
                }
                loaded => drop(loaded?),
            }
            println!("the configuration is good");
        }
        ConfigVerb::Show if place.json => {
            println!("{}", serde_json::to_string(&installation.config.without_secrets())?);
        }
        ConfigVerb::Show => print!("{}", loader::to_toml(&installation.config.without_secrets())?),
    }
    Ok(ExitCode::SUCCESS)
}
