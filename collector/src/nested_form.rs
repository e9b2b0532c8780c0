//! A form within a file: old Electron on Linux sends the whole form that it meant to send as the content of the
//! file `upload_file_minidump`.

use auxilio_common::dump::MAIN_DUMP;
use auxilio_common::{DumpName, limits};
use auxilio_spool::{Draft, Scratch};

use crate::dump_part::replay;
use crate::form::Form;
use crate::multipart::{FeedError, Parser, PartSink};
use crate::part_head::{PartHead, PartName};
use crate::refusal::Refusal;

/// The boundary of a form in a scratch, if it is a whole form with a dump.
pub(crate) fn boundary(scratch: &Scratch) -> Result<Option<Vec<u8>>, Refusal> {
    // White space before it, and the line.
    let mut begin = vec![0; 2 * limits::BOUNDARY_BYTES_MAX];
    let count = scratch.read_at(0, &mut begin).map_err(Refusal::Spool)?;
    let Some(boundary) = first_boundary(&begin[..count]) else { return Ok(None) };
    let (mut parser, mut looked) = (Parser::new(boundary), Looked::default());
    let mut sound = true;
    replay(scratch, |bytes| {
        sound = sound && parser.feed(bytes, &mut looked).is_ok();
        Ok(())
    })?;
    let whole = sound && parser.finish().is_ok() && looked.has_dump;
    Ok(whole.then(|| boundary.to_vec()))
}

/// Gives a form's parts to the form around it.
pub(crate) fn feed(boundary: &[u8], scratch: &Scratch, form: &mut Form) -> Result<(), Refusal> {
    let mut parser = Parser::new(boundary);
    replay(scratch, |bytes| {
        parser.feed(bytes, form).map_err(|error| match error {
            FeedError::Form(error) => Refusal::BadForm(error),
            FeedError::Sink(refusal) => refusal,
        })
    })
}

/// What only looked like a form becomes the dump as it came.
pub(crate) fn keep_as_file(
    name: DumpName,
    scratch: &Scratch,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    draft.begin_dump(name).map_err(Refusal::Spool)?;
    replay(scratch, |bytes| draft.write(bytes).map(|_| ()).map_err(Refusal::Spool))?;
    draft.end_dump().map(|_| ()).map_err(Refusal::Spool)
}

fn first_boundary(begin: &[u8]) -> Option<&[u8]> {
    let line = begin.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
    let boundary = line.strip_suffix(b"\r")?.strip_prefix(b"--")?.trim_ascii_end();
    let usable = (1..=limits::BOUNDARY_BYTES_MAX).contains(&boundary.len());
    (usable && !boundary.contains(&b'\r')).then_some(boundary)
}

/// Looks whether a form has a dump.
#[derive(Default)]
struct Looked {
    has_dump: bool,
}

impl PartSink for Looked {
    type Error = std::convert::Infallible;

    fn begin(&mut self, head: PartHead) -> Result<(), Self::Error> {
        if let PartName::Text(name) = head.name {
            self.has_dump |= name.starts_with(MAIN_DUMP);
        }
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_boundary() {
        assert_eq!(first_boundary(b"\r\n\r\n----x--\r\nA: b"), Some(b"--x--".as_slice()));
        assert_eq!(first_boundary(b"--\r\n"), None);
        assert_eq!(first_boundary(b"--abc"), None);
        assert_eq!(first_boundary(b"MDMP"), None);
    }
}
