//! A whole spooled file, open for reading.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auxilio_common::{DumpInfo, DumpName, RawCrash, RawEnvelope, limits};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::format::{self, HEADER_BYTES, Header, TRAILER_BYTES, Trailer};

/// Bytes of a dump that are read at once to be compared.
const PIECE_BYTES: usize = 256 * 1024;

/// A spooled crash whose header, index and trailer were found whole.
#[derive(Debug)]
pub struct Envelope {
    path: PathBuf,
    file: Arc<File>,
    raw_crash: RawCrash,
}

impl Envelope {
    /// Opens a file and proves all but the dumps' bytes.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::from_file(path, Arc::new(file))
    }

    /// The same for a file that is open already; `path` is where it stands.
    pub fn from_file(path: &Path, file: Arc<File>) -> Result<Self, Error> {
        let raw_crash =
            read_index(&file).map_err(|source| Error::Damaged { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file, raw_crash })
    }

    /// Reads all dumps and compares both their checksums: after it every byte of the file is proven.
    pub fn verify(&self) -> Result<(), Error> {
        let dumps = &self.raw_crash.dumps;
        self.each_is(dumps, |dump| {
            check_sha256(&self.file, dump)?;
            dump.crc32.map_or(Ok(()), |crc32| check_crc32(&self.file, dump, crc32))
        })
    }

    /// The same on a crash's way: the bytes are compared with their CRC-32, which costs a fortieth part, if they
    /// have one. It finds what a disk or a memory changes.
    pub fn check(&self) -> Result<(), Error> {
        self.each_is(&self.raw_crash.dumps, |dump| check_dump(&self.file, dump))
    }

    /// That for one dump; one that the crash lacks is fine.
    pub fn check_dump(&self, name: &DumpName) -> Result<(), Error> {
        self.each_is(self.raw_crash.dump(name), |dump| check_dump(&self.file, dump))
    }

    fn each_is<'a>(
        &self,
        dumps: impl IntoIterator<Item = &'a DumpInfo>,
        check: impl FnMut(&DumpInfo) -> Result<(), format::Error>,
    ) -> Result<(), Error> {
        let checked = dumps.into_iter().try_for_each(check);
        checked.map_err(|source| Error::Damaged { path: self.path.clone(), source })
    }

    /// The crash, giving up the file.
    pub fn into_raw_crash(self) -> RawCrash {
        self.raw_crash
    }

    /// The open file: a lock on it lasts as long as any clone of it.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }
}

impl RawEnvelope for Envelope {
    fn raw_crash(&self) -> &RawCrash {
        &self.raw_crash
    }

    fn open_dump(&self, name: &DumpName) -> io::Result<Option<Box<dyn Read + Send>>> {
        Ok(self.raw_crash.dump(name).map(|dump| {
            let section = Section::of(Arc::clone(&self.file), dump);
            Box::new(section) as Box<dyn Read + Send>
        }))
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

/// A dump's bytes, read by position so that several readers share one open file.
struct Section {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Section {
    fn of(file: Arc<File>, dump: &DumpInfo) -> Self {
        Self { file, at: dump.offset, left: dump.length }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        if read == 0 {
            // The index said that there is more: the file was cut after it was opened.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

fn read_index(file: &File) -> Result<RawCrash, format::Error> {
    let length = file.metadata().map_err(format::Error::Io)?.len();
    if length < (HEADER_BYTES + TRAILER_BYTES) as u64 {
        return Err(format::Error::TooShort(length));
    }
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(format::Error::Io)?;
    let header = Header::parse(&header)?;
    let mut trailer = [0; TRAILER_BYTES];
    file.read_exact_at(&mut trailer, length - TRAILER_BYTES as u64).map_err(format::Error::Io)?;
    let trailer = Trailer::parse(&trailer, length)?;
    if trailer.index_length > limits::SPOOL_INDEX_BYTES_MAX {
        return Err(format::Error::IndexTooLarge(trailer.index_length));
    }
    // The limit above fits any usize of the machines that we run on.
    let mut index = vec![0; usize::try_from(trailer.index_length).unwrap_or(0)];
    file.read_exact_at(&mut index, trailer.index_offset).map_err(format::Error::Io)?;
    if Trailer::of(header, &index, trailer.index_offset) != trailer {
        return Err(format::Error::IndexChecksum);
    }
    let raw_crash: RawCrash = serde_json::from_slice(&index).map_err(format::Error::Index)?;
    check_places(&raw_crash.dumps, trailer.index_offset)?;
    Ok(raw_crash)
}

/// The dumps lie side by side from the header to the index, and no name comes twice.
fn check_places(dumps: &[DumpInfo], index: u64) -> Result<(), format::Error> {
    let mut end = HEADER_BYTES as u64;
    for (place, dump) in dumps.iter().enumerate() {
        if dump.offset != end {
            return Err(format::Error::DumpPlace(dump.name.clone()));
        }
        if dumps[..place].iter().any(|earlier| earlier.name == dump.name) {
            return Err(format::Error::DumpTwice(dump.name.clone()));
        }
        end = end
            .checked_add(dump.length)
            .ok_or_else(|| format::Error::DumpPlace(dump.name.clone()))?;
    }
    if end == index { Ok(()) } else { Err(format::Error::DumpsEnd { end, index }) }
}

fn check_dump(file: &Arc<File>, dump: &DumpInfo) -> Result<(), format::Error> {
    match dump.crc32 {
        Some(crc32) => check_crc32(file, dump, crc32),
        None => check_sha256(file, dump),
    }
}

fn check_crc32(file: &Arc<File>, dump: &DumpInfo, expected: u32) -> Result<(), format::Error> {
    let mut crc32 = crc32fast::Hasher::new();
    each_piece(file, dump, |piece| crc32.update(piece))?;
    is_it(dump, crc32.finalize() == expected)
}

fn check_sha256(file: &Arc<File>, dump: &DumpInfo) -> Result<(), format::Error> {
    let mut sha256 = Sha256::new();
    each_piece(file, dump, |piece| sha256.update(piece))?;
    is_it(dump, format::hex(&sha256.finalize()) == dump.sha256)
}

fn is_it(dump: &DumpInfo, same: bool) -> Result<(), format::Error> {
    if same { Ok(()) } else { Err(format::Error::DumpChecksum(dump.name.clone())) }
}

fn each_piece(
    file: &Arc<File>,
    dump: &DumpInfo,
    mut take: impl FnMut(&[u8]),
) -> Result<(), format::Error> {
    let mut section = Section::of(Arc::clone(file), dump);
    let size = usize::try_from(dump.length).unwrap_or(usize::MAX).clamp(1, PIECE_BYTES);
    let mut piece = vec![0; size];
    loop {
        match section.read(&mut piece).map_err(format::Error::Io)? {
            0 => return Ok(()),
            count => take(&piece[..count]),
        }
    }
}
