//! `auxilio fields`: what a processed crash may hold, for people and, as JSON Schema, for programs.

use std::process::ExitCode;

use auxilio_common::fields::json_schema::json_schema;
use auxilio_common::fields::page::page;

use crate::cli::FieldsOptions;

pub(crate) fn perform(options: &FieldsOptions) -> anyhow::Result<ExitCode> {
    let text =
        if options.schema { serde_json::to_string_pretty(&json_schema())? + "\n" } else { page() };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}
