//! The local symbol stores of a machine, and the files of them that this process has open.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use auxilio_common::limits;
use lru::LruCache;

use crate::index;
use crate::indexed_file::IndexedFile;
use crate::mapping::Mapping;
use crate::miniature::Miniatures;
use crate::symx::{self, Layout, Source};
use crate::{SymbolPath, SymbolsError};

/// Where symbols come from and what they may cost.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Folders in Breakpad's layout, asked in this order. They are only read.
    pub stores: Vec<PathBuf>,
    /// The folder of our indexes. It is made if it is missing.
    pub cache: PathBuf,
}

/// Called with a symbol file's bytes before an index of it is made or waited for: about 10 s a GB.
type OnIndexing = Box<dyn Fn(u64) + Send + Sync>;

/// All local symbols. One is shared by the dumps that a process walks.
pub struct SymbolStore {
    options: StoreOptions,
    on_indexing: OnIndexing,
    open: Mutex<OpenFiles>,
    pub(crate) miniatures: Miniatures,
    next_number: AtomicU64,
}

/// Files by path, least recently used first out.
struct OpenFiles {
    files: LruCache<PathBuf, OpenFile>,
    mapped_bytes: usize,
}

#[derive(Clone)]
struct OpenFile {
    source: Source,
    state: Opened,
}

#[derive(Clone)]
enum Opened {
    Good(Arc<IndexedFile>),
    Corrupt(Arc<str>),
}

/// What the stores say about a module's symbols.
#[derive(Debug)]
pub enum Lookup {
    /// They are there and can be used.
    Found(FoundFile),
    /// No store has them.
    Absent,
    /// They are there, but breakpad-symbols rejects the file, for this reason.
    Corrupt(Arc<str>),
    /// They are there, but can't be read.
    Failed(SymbolsError),
}

/// An opened symbol file.
#[derive(Clone, Debug)]
pub struct FoundFile(pub(crate) Arc<IndexedFile>);

/// Files that a process keeps open at most.
const OPEN_FILES_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1_023);

impl SymbolStore {
    /// Stores that need no word before they make an index.
    pub fn new(options: StoreOptions) -> Self {
        Self::with_on_indexing(options, |_| {})
    }

    /// Stores that call `on_indexing` with a file's bytes before they make an index of it, or wait for
    /// another process that does.
    pub fn with_on_indexing(
        options: StoreOptions,
        on_indexing: impl Fn(u64) + Send + Sync + 'static,
    ) -> Self {
        Self {
            options,
            on_indexing: Box::new(on_indexing),
            open: Mutex::new(OpenFiles { files: LruCache::new(OPEN_FILES_MAX), mapped_bytes: 0 }),
            miniatures: Miniatures::new(limits::SYMBOL_MINIATURES_BYTES_MAX),
            next_number: AtomicU64::new(0),
        }
    }

    /// Looks for a symbol file in all stores. The first store that has one decides.
    pub fn find(&self, path: &SymbolPath) -> Lookup {
        for store in &self.options.stores {
            match self.find_in(store, path) {
                Ok(None) => {}
                Ok(Some(Opened::Good(file))) => return Lookup::Found(FoundFile(file)),
                Ok(Some(Opened::Corrupt(reason))) => return Lookup::Corrupt(reason),
                Err(error) => return Lookup::Failed(error),
            }
        }
        Lookup::Absent
    }

    fn find_in(&self, store: &Path, path: &SymbolPath) -> Result<Option<Opened>, SymbolsError> {
        let sym_path = path.sym_in(store);
        let file = match File::open(&sym_path) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(source) => return Err(SymbolsError::io("open", sym_path, source)),
        };
        let metadata =
            file.metadata().map_err(|source| SymbolsError::io("examine", &sym_path, source))?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let source = Source::of(&metadata);
        if let Some(opened) = self.opened(&sym_path, &source) {
            return Ok(Some(opened));
        }
        if source.length() > limits::SYMBOL_FILE_BYTES_MAX {
            return Err(SymbolsError::TooLarge {
                path: sym_path,
                length: source.length(),
                limit: limits::SYMBOL_FILE_BYTES_MAX,
            });
        }
        self.make_room(source.length());
        let text =
            Mapping::of_file(&file).map_err(|source| SymbolsError::io("map", &sym_path, source))?;
        let opened = self.open(path, text, &source);
        self.keep(sym_path, OpenFile { source, state: opened.clone() });
        Ok(Some(opened))
    }

    /// The file as this process has it open, if it has not changed since.
    fn opened(&self, sym_path: &Path, source: &Source) -> Option<Opened> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = open.files.get(sym_path)?;
        (file.source == *source).then(|| file.state.clone())
    }

    fn open(&self, path: &SymbolPath, text: Mapping, source: &Source) -> Opened {
        let index_path = path.symx_in(&self.options.cache);
        let (index, layout) = self.index(&index_path, &text, source);
        if let Some(reason) = layout.corrupt {
            return Opened::Corrupt(reason.into());
        }
        if let Some(id) = id_inside(&text)
            && !id.eq_ignore_ascii_case(path.debug_id().as_bytes())
        {
            // Another build's functions lie elsewhere: its names would be wrong ones.
            return Opened::Corrupt("it says that it is of another build".into());
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        Opened::Good(Arc::new(IndexedFile::new(number, text, index, layout)))
    }

    /// The index of a text: from the cache folder if it is there and fits, else made anew.
    fn index(&self, index_path: &Path, text: &[u8], source: &Source) -> (Mapping, Layout) {
        if let Some(found) = read_index(index_path, source) {
            return found;
        }
        (self.on_indexing)(source.length());
        // Only one process makes an index; the others wait for it. Without the lock they all do.
        let lock = lock_beside(index_path).inspect_err(|error| {
            tracing::warn!(path = %index_path.display(), %error, "can't lock a symbol index");
        });
        if lock.is_ok()
            && let Some(found) = read_index(index_path, source)
        {
            return found;
        }
        let contents = index::build(text);
        let bytes = symx::encode(source, &contents);
        if let Err(error) = write_beside(index_path, &bytes) {
            // The index serves this process all the same.
            tracing::warn!(path = %index_path.display(), %error, "can't keep a symbol index");
        }
        let layout = Layout::read(&bytes, source).unwrap_or_else(|| {
            unreachable!("an index that was just made fits the file that it was made of")
        });
        (Mapping::Memory(bytes), layout)
    }

    /// Closes files until one of `bytes` more fits below the limit of mapped bytes.
    fn make_room(&self, bytes: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        while open.mapped_bytes as u64 + bytes > limits::SYMBOLS_MAPPED_BYTES_MAX {
            let Some((_, file)) = open.files.pop_lru() else { break };
            open.mapped_bytes -= file.mapped_bytes();
        }
    }

    fn keep(&self, sym_path: PathBuf, file: OpenFile) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.mapped_bytes += file.mapped_bytes();
        if let Some((_, old)) = open.files.push(sym_path, file) {
            open.mapped_bytes -= old.mapped_bytes();
        }
    }
}

impl OpenFile {
    fn mapped_bytes(&self) -> usize {
        match &self.state {
            Opened::Good(file) => file.mapped_bytes(),
            Opened::Corrupt(_) => 0,
        }
    }
}

/// The debug id that a symbol file says it is of: the fourth word of its first line.
fn id_inside(text: &[u8]) -> Option<&[u8]> {
    let line = text.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    words.next().filter(|word| *word == b"MODULE")?;
    words.nth(2)
}

fn is_absence(error: &io::Error) -> bool {
    // A store that is not there, or a file where a folder should be, has no symbols either.
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read_index(path: &Path, source: &Source) -> Option<(Mapping, Layout)> {
    let file = File::open(path).ok()?;
    let index = Mapping::of_file(&file).ok()?;
    let layout = Layout::read(&index, source)?;
    Some((index, layout))
}

/// Takes the lock for making an index: until the file is closed.
fn lock_beside(index_path: &Path) -> io::Result<File> {
    if let Some(folder) = index_path.parent() {
        fs::create_dir_all(folder)?;
    }
    let lock =
        File::options().create(true).append(true).open(index_path.with_added_extension("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Writes a file under a temporary name in the same folder and renames it: no reader ever sees a
/// part of it, and one that has the old file mapped keeps that.
fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
