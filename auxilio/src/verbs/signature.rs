//! `auxilio signature`: crash data in, one JSON object a line; signatures out, in the same order.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use auxilio_signature::{CrashData, Generator, ListTexts, Lists};
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
    let generator = Generator::new(lists);
    let mut input = std::io::stdin().lock();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).context("can't read standard input")? > 0 {
        if !line.trim_ascii().is_empty() {
            serde_json::to_writer(&mut out, &answer(&line, generator, options.explain))?;
            out.write_all(b"\n")?;
        }
        line.clear();
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The lists of a folder; a file that is not there is an empty list, which matches nothing.
fn read_lists(dir: &Path) -> anyhow::Result<Lists> {
    anyhow::ensure!(dir.is_dir(), "\"{}\" is no folder of lists", dir.display());
    let read = |names: &[&str]| read_first(dir, names);
    let texts = ListTexts {
        irrelevant: &read(&["irrelevant.txt", "irrelevant_signature_re.txt"])?,
        prefix: &read(&["prefix.txt", "prefix_signature_re.txt"])?,
        relevant: &read(&["relevant.txt"])?,
        sentinels: &read(&["sentinels.txt", "signature_sentinels.txt"])?,
        line_numbers: &read(&["line_numbers.txt", "signatures_with_line_numbers_re.txt"])?,
        foreign_modules: &read(&["foreign_modules.txt"])?,
    };
    let compiled = Lists::compile(&dir.to_string_lossy(), &texts);
    compiled.with_context(|| format!("the lists of \"{}\"", dir.display()))
}

/// The first of these files that is there: ours, then as Socorro calls it.
fn read_first(dir: &Path, names: &[&str]) -> anyhow::Result<String> {
    for name in names {
        match std::fs::read_to_string(dir.join(name)) {
            Ok(text) => return Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("can't read the list \"{name}\""));
            }
        }
    }
    Ok(String::new())
}

fn answer(line: &[u8], generator: Generator<'_>, explain: bool) -> Value {
    let Ok(line) = std::str::from_utf8(line) else {
        return json!({"error": "the line is no UTF-8"});
    };
    let data = match CrashData::from_json(line) {
        Ok(data) => data,
        Err(error) => return json!({"error": format!("the line is no crash data: {error}")}),
    };
    let (signature, steps) =
        if explain { generator.explain(&data) } else { (generator.generate(&data), Vec::new()) };
    let mut answer = json!({
        "signature": signature.signature,
        "notes": signature.notes,
        "proto_signature": signature.proto_signature(),
        "group_key": signature.group_key,
    });
    if explain {
        answer["steps"] = steps.into();
    }
    answer
}
