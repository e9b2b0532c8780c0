//! `auxilio signature`: crash data in, one JSON object a line; signatures out, in the same order.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::Context;
use auxilio_processor::list_folder::ListFolder;
use auxilio_signature::{CrashData, Generator, Lists};
use serde_json::{Value, json};

use crate::cli::SignatureOptions;

pub(crate) fn perform(options: &SignatureOptions) -> anyhow::Result<ExitCode> {
    let replaced;
    let lists = match &options.lists {
        None => Lists::built_in(),
        Some(dir) => {
            replaced = ListFolder::read(dir)?.over(&Lists::default())?;
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
