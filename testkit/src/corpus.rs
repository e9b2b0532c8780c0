//! The real Firefox crashes beside the workspace, unpacked: for trying things on what a program of
//! millions of users sent.
//!
//! They are no part of this repository (see `../shared/corpus/README.md`). A test that needs them
//! fails without them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The crashes, by the names of their files.
const CRASHES: [&str; 3] = ["linux-x86_64", "macos-x86_64", "windows-x86_64"];

/// The unpacked corpus.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The crashes of Linux, macOS and Windows.
    pub crashes: Vec<CorpusCrash>,
    /// Symbols in Breakpad's layout, without those of the three largest modules.
    pub symbols: PathBuf,
}

/// One crash.
#[derive(Clone, Debug)]
pub struct CorpusCrash {
    /// Its name: the platform.
    pub name: &'static str,
    /// The minidump.
    pub dump: PathBuf,
    /// The annotations as the client's JSON.
    pub extra: PathBuf,
}

/// Where the corpus lies: `shared/corpus/firefox` beside the workspace's folder.
pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/firefox")
}

/// Unpacks the corpus into `cache` (about 120 MB), or finds it there from another time.
pub fn unpack(cache: &Path) -> Result<Corpus> {
    unpack_from(&source(), cache)
}

/// As [`unpack`], with the corpus at `source`.
pub fn unpack_from(source: &Path, cache: &Path) -> Result<Corpus> {
    if !source.is_dir() {
        bail!("the corpus of real crashes is missing: there is no folder {}", source.display());
    }
    if cache.starts_with(source) {
        bail!("the corpus can't be unpacked into its own folder {}", source.display());
    }
    unpack_folder(source, cache)?;
    let crash = |name| {
        let dump = cache.join(format!("{name}.dmp"));
        let extra = cache.join(format!("{name}.extra"));
        for path in [&dump, &extra] {
            if !path.is_file() {
                let file = path.file_name().unwrap_or_default().display();
                bail!("the corpus at {} has no {file}.xz", source.display());
            }
        }
        Ok(CorpusCrash { name, dump, extra })
    };
    let crashes = CRASHES.into_iter().map(crash).collect::<Result<_>>()?;
    Ok(Corpus { crashes, symbols: cache.join("symbols") })
}

/// Unpacks every `.xz` file under `from` to the same place under `to`, less its ending.
fn unpack_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("list {}", from.display()))? {
        let path = entry.with_context(|| format!("list {}", from.display()))?.path();
        if path.is_dir() {
            unpack_folder(&path, &to.join(path.file_name().unwrap_or_default()))?;
        } else if path.extension() == Some(OsStr::new("xz")) {
            let target = to.join(path.file_stem().unwrap_or_default());
            if !target.exists() {
                unpack_file(&path, &target)
                    .with_context(|| format!("unpack {}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Unpacks beside the target first: another test may unpack at the same time, or this one be killed.
fn unpack_file(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file lies in a folder")?;
    let mut unpacked = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    let mut packed = BufReader::new(File::open(from)?);
    lzma_rs::xz_decompress(&mut packed, &mut unpacked)?;
    unpacked.flush()?;
    let file = unpacked.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.persist(to)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        lzma_rs::xz_compress(&mut text.as_bytes(), &mut File::create(path).unwrap()).unwrap();
    }

    #[test]
    fn crashes_and_symbols_are_unpacked_once() {
        let folder = tempfile::tempdir().unwrap();
        let (source, cache) = (folder.path().join("corpus"), folder.path().join("cache"));
        for name in CRASHES {
            pack(&source.join(format!("{name}.dmp.xz")), "MDMP");
            pack(&source.join(format!("{name}.extra.xz")), "{}");
        }
        pack(&source.join("symbols/a.pdb/0123/a.sym.xz"), "MODULE");
        let corpus = unpack_from(&source, &cache).unwrap();
        let names: Vec<_> = corpus.crashes.iter().map(|crash| crash.name).collect();
        assert_eq!(names, CRASHES);
        assert_eq!(fs::read(&corpus.crashes[2].dump).unwrap(), b"MDMP");
        assert_eq!(fs::read(&corpus.crashes[2].extra).unwrap(), b"{}");
        assert_eq!(fs::read(corpus.symbols.join("a.pdb/0123/a.sym")).unwrap(), b"MODULE");
        // What stands in the cache is not unpacked again.
        fs::write(&corpus.crashes[0].dump, "kept").unwrap();
        unpack_from(&source, &cache).unwrap();
        assert_eq!(fs::read(&corpus.crashes[0].dump).unwrap(), b"kept");
    }

    #[test]
    fn a_damaged_file_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (source, cache) = (folder.path().join("corpus"), folder.path().join("cache"));
        pack(&source.join("linux-x86_64.dmp.xz"), "MDMP");
        let path = source.join("linux-x86_64.dmp.xz");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(&path, bytes).unwrap();
        let error = unpack_from(&source, &cache).unwrap_err().to_string();
        assert!(error.contains("linux-x86_64.dmp.xz"), "{error}");
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_corpus_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing");
        let error = unpack_from(&missing, &folder.path().join("cache")).unwrap_err().to_string();
        assert!(error.contains("corpus") && error.contains("nothing"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        let error = unpack_from(empty.path(), &folder.path().join("cache")).unwrap_err();
        assert!(error.to_string().contains("no linux-x86_64.dmp.xz"), "{error}");
    }
}
