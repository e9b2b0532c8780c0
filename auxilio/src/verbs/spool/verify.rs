//! `auxilio spool verify`: reads every file wholly and names each that is not whole.

use std::io;

use auxilio_crashmover::CarriedSpool;
use auxilio_spool::files::Kind;
use auxilio_spool::{SpoolFile, Verdict};
use serde_json::json;

use super::line::{Lines, fault, title};
use super::reading::each_file;

/// Why an unfinished file is none to worry about.
const UNFINISHED: &str = "its writer is gone, and nobody was told that the crash was taken";

/// What is wrong with a file that no carrier sees.
const STRAY: &str = "nobody carries it: its name is no crash's, or it is no plain file";

/// Verifies the spools; whether nothing is damaged and all could be read.
pub(super) fn perform(spools: &[CarriedSpool], lines: &mut Lines) -> io::Result<bool> {
    let mut is_good = true;
    for spool in spools {
        let mut tally = Tally::default();
        let read =
            each_file(&spool.name, &spool.source, |file| tally.look_at(spool, &file, lines))?;
        is_good &= read == Some(true);
        if read.is_none() {
            continue;
        }
        tally.tell(spool, lines)?;
        is_good &= tally.damaged + tally.stray == 0;
    }
    Ok(is_good)
}

#[derive(Default)]
struct Tally {
    whole: u64,
    damaged: u64,
    unfinished: u64,
    being_written: u64,
    stray: u64,
}

impl Tally {
    fn look_at(
        &mut self,
        spool: &CarriedSpool,
        file: &SpoolFile,
        lines: &mut Lines,
    ) -> io::Result<()> {
        let (count, result, reason) = match file.kind {
            Kind::Unfinished { writer_lives: true } => {
                self.being_written += 1;
                return Ok(());
            }
            Kind::Unfinished { writer_lives: false } => {
                (&mut self.unfinished, "unfinished", UNFINISHED.to_owned())
            }
            Kind::Stray => (&mut self.stray, "stray", STRAY.to_owned()),
            Kind::Waiting(..) | Kind::Quarantined(_) => match file.verify() {
                Verdict::Gone => return Ok(()),
                Verdict::Whole => {
                    self.whole += 1;
                    return Ok(());
                }
                Verdict::Bad(error) => (&mut self.damaged, "damaged", fault(&error)),
            },
        };
        *count += 1;
        lines.tell(
            || {
                json!({
                    "spool": spool.name, "path": file.path.display().to_string(), "crash_id": file.crash_id(),
                    "result": result, "reason": reason,
                })
            },
            || format!("{result}  {}  {reason}", file.path.display()),
        )
    }

    fn tell(&self, spool: &CarriedSpool, lines: &mut Lines) -> io::Result<()> {
        let Self { whole, damaged, unfinished, being_written, stray } = self;
        lines.tell(
            || {
                json!({
                    "spool": spool.name, "dir": spool.source.dir().display().to_string(), "whole": whole,
                    "damaged": damaged, "unfinished": unfinished,
                    "being_written": being_written, "stray": stray,
                })
            },
            || {
                format!(
                    "{}: {whole} whole, {damaged} damaged, {unfinished} unfinished, {being_written} being written, {stray} stray",
                    title(spool),
                )
            },
        )
    }
}
