//! `auxilio process`: the whole processing of one crash, without a store or a database.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use auxilio_common::{
    Annotations, Clock, CrashId, DumpInfo, DumpName, JsonText, Metadata, Payload, RawCrash,
    Throttle, Timestamp, limits,
};
use auxilio_processor::{
    Context, Ended, Files, Processed, Step, WalkedDump, Walks, explain, files, hints, rule_file,
};
use auxilio_service::clock::SystemClock;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{annotations, stackwalk};
use crate::cli::{Place, ProcessOptions};

/// Characters of a value in an explanation: two lines of a terminal.
const SHOWN_CHARS_MAX: usize = 200;

/// One file of the crash.
struct File {
    path: PathBuf,
    info: DumpInfo,
}

pub(crate) fn perform(place: &Place, options: &ProcessOptions) -> anyhow::Result<ExitCode> {
    let rule_sets = rule_file::load(&options.rules)?;
    let files = read_files(options)?;
    let raw = raw_crash(options, &files, SystemClock::start().now())?;
    let files = Files {
        walks: walk_all(&raw, &files, &options.symbols)?,
        memory_report: read_memory_report(&files)?,
    };
    let context = Context { rule_sets: &rule_sets, ..Context::default() };
    let (made, steps) = explain(&raw, files, context);
    let mut out = std::io::stdout().lock();
    match (options.explain, place.json) {
        (false, _) => {
            serde_json::to_writer_pretty(&mut out, &made.crash.to_map())?;
            out.write_all(b"\n")?;
            for rule in &made.failed_rules {
                eprintln!("auxilio: the rule {rule} failed");
            }
        }
        (true, true) => {
            for step in &steps {
                serde_json::to_writer(&mut out, step)?;
                out.write_all(b"\n")?;
            }
        }
        (true, false) => tell(&mut out, &made, &steps)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read_files(options: &ProcessOptions) -> anyhow::Result<Vec<File>> {
    let mut named: Vec<(DumpName, PathBuf)> =
        options.dump.iter().map(|path| (DumpName::main(), path.clone())).collect();
    for (name, path) in &options.file {
        let of_part = DumpName::from_part(name);
        let name = of_part.with_context(|| format!("\"{name}\" names no file of a crash"))?;
        named.push((name, path.into()));
    }
    let mut files: Vec<File> = Vec::new();
    for (name, path) in named {
        if files.iter().any(|file| file.info.name == name) {
            bail!("two files are named {name}");
        }
        let (length, sha256) =
            measure(&path).with_context(|| format!("can't read \"{}\"", path.display()))?;
        if length > limits::DUMP_BYTES_MAX {
            let most = limits::DUMP_BYTES_MAX;
            bail!("\"{}\" has {length} bytes, and a collector takes {most}", path.display());
        }
        let info = DumpInfo { name, offset: 0, length, sha256, crc32: None };
        files.push(File { path, info });
    }
    Ok(files)
}

fn measure(path: &Path) -> std::io::Result<(u64, String)> {
    let (mut file, mut hash) = (std::fs::File::open(path)?, Sha256::new());
    let length = std::io::copy(&mut file, &mut hash)?;
    Ok((length, format!("{:x}", hash.finalize())))
}

/// The raw crash that a collector would make of it now.
fn raw_crash(options: &ProcessOptions, files: &[File], now: Timestamp) -> anyhow::Result<RawCrash> {
    let mut annotations = match &options.extra {
        Some(file) => annotations::read(file)?,
        None => Annotations::new(),
    };
    annotations.extend(options.annotation.iter().cloned());
    let crash_id = match options.id {
        Some(id) => id,
        None => made_id(&annotations, files, now)?,
    };
    Ok(RawCrash {
        crash_id,
        metadata: Metadata {
            submitted_timestamp: now,
            received_at: now,
            throttle: Throttle::Accept,
            throttle_rule: "accept_everything".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: files.iter().map(|file| file.info.length).sum(),
            user_agent: None,
            id_supplied: options.id.is_some(),
            collector_notes: Vec::new(),
        },
        annotations,
        dumps: files.iter().map(|file| file.info.clone()).collect(),
    })
}

/// An id made of what came: the same crash has the same one all day.
fn made_id(annotations: &Annotations, files: &[File], now: Timestamp) -> anyhow::Result<CrashId> {
    let day = now.day().context("the clock shows no day of this calendar")?;
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(annotations)?);
    for file in files {
        hash.update(&file.info.sha256);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Ok(CrashId::issue(bytes, 0, day))
}

fn walk_all(raw: &RawCrash, files: &[File], symbols: &[PathBuf]) -> anyhow::Result<Walks> {
    let mut walks = Walks::new();
    for file in files.iter().filter(|file| file.info.name.is_minidump()) {
        let walk = match stackwalk::walk(&file.path, symbols, &hints(raw))? {
            Ok(walked) => {
                let json = JsonText::new(String::from_utf8(walked.json)?)?;
                let facts = walked.facts;
                WalkedDump::walked(json, facts.symbols_failed > 0, facts.truncation.any())
            }
            Err(unreadable) => WalkedDump::unreadable(unreadable.status),
        };
        walks.insert(file.info.name.clone(), walk);
    }
    Ok(walks)
}

fn read_memory_report(files: &[File]) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(file) = files.iter().find(|file| files::is_memory_report(&file.info.name)) else {
        return Ok(None);
    };
    let bytes = std::fs::read(&file.path);
    Ok(Some(bytes.with_context(|| format!("can't read \"{}\"", file.path.display()))?))
}

/// A value in a line that people read: `--json` has all of it.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

/// A rule a paragraph: what it is for, what it set, what it noted.
fn tell(out: &mut impl Write, made: &Processed, steps: &[Step]) -> std::io::Result<()> {
    for step in steps {
        let ended = match &step.ended {
            Ended::NotForThis => "nothing to do".to_owned(),
            Ended::Done => "done".to_owned(),
            Ended::Failed(why) => format!("FAILED: {why}"),
        };
        writeln!(out, "{}: {ended}\n    {}", step.rule, step.story)?;
        for (name, value) in &step.fields {
            writeln!(out, "    {name} = {}", shown(value))?;
        }
        for note in &step.notes {
            writeln!(out, "    note: {note}")?;
        }
    }
    let failed = made.failed_rules.len();
    writeln!(out, "{} rules, {failed} failed, {} notes", steps.len(), made.notes.len())
}
