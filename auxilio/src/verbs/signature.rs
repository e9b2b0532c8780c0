//! `auxilio signature`: crash data in, one JSON object a line; signatures out, in the same order.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::Context;
use auxilio_signature::{CrashData, ListTexts, Lists, generate};
use serde_json::{Value, json};

use crate::cli::SignatureOptions;

pub(crate) fn perform(options: &SignatureOptions) -> anyhow::Result<ExitCode> {
    let replaced;
    let lists = match &options.lists {
        None => Lists::built_in(),
        Some(dir) => {
            replaced = read_lists(dir)?;
            &replaced
        }
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.context("can't read standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        serde_json::to_writer(&mut out, &answer(&line, lists))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The lists of a folder; a file that is not there is an empty list, which matches nothing.
fn read_lists(dir: &std::path::Path) -> anyhow::Result<Lists> {
    anyhow::ensure!(dir.is_dir(), "\"{}\" is no folder of lists", dir.display());
    let read = |name: &str| match std::fs::read_to_string(dir.join(name)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("can't read the list \"{name}\"")),
    };
    let texts = ListTexts {
        irrelevant: &read("irrelevant.txt")?,
        prefix: &read("prefix.txt")?,
        sentinels: &read("sentinels.txt")?,
        line_numbers: &read("line_numbers.txt")?,
    };
    Ok(Lists::compile(&texts)?)
}

fn answer(line: &str, lists: &Lists) -> Value {
    match serde_json::from_str::<CrashData>(line) {
        Ok(data) => {
            let signature = generate(&data, lists);
            json!({
                "signature": signature.signature,
                "notes": signature.notes,
                "proto_signature": signature.proto_signature,
            })
        }
        Err(error) => json!({"error": format!("the line is no crash data: {error}")}),
    }
}
