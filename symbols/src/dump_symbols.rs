//! The symbols of one dump: which of its modules were asked for, and what came of it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use breakpad_symbols::SymbolFile;
use minidump::Module;
use minidump_unwind::{
    FileError, FileKind, FillSymbolError, FrameSymbolizer, FrameWalker, SymbolProvider, SymbolStats,
};

use crate::store::{FoundFile, Lookup};
use crate::{SymbolPath, SymbolStore};

/// Symbols for the walk of one dump. Modules are told apart by their base address: two modules of
/// one dump may well have one name.
pub struct DumpSymbols<'store> {
    store: &'store SymbolStore,
    modules: Mutex<BTreeMap<u64, Asked>>,
}

struct Asked {
    leaf: String,
    file: Option<FoundFile>,
    symbols: ModuleSymbols,
}

/// What came of asking for a module's symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSymbols {
    /// They were found and used.
    Found {
        /// Where the file was downloaded from, if it says so.
        url: Option<String>,
    },
    /// No store has them, or the module has no name that could be one of a store.
    Absent,
    /// A store has them, but the parser rejects the file.
    Corrupt {
        /// What the parser says.
        reason: String,
    },
    /// A store has them, but they can't be read: trying again later may help.
    Failed {
        /// What was tried and why it failed.
        reason: String,
    },
}

impl<'store> DumpSymbols<'store> {
    /// Symbols for one dump.
    pub fn new(store: &'store SymbolStore) -> Self {
        Self { store, modules: Mutex::new(BTreeMap::new()) }
    }

    /// What came of each module that the walk asked for, by base address.
    pub fn outcomes(&self) -> BTreeMap<u64, ModuleSymbols> {
        let modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.iter().map(|(base, asked)| (*base, asked.symbols.clone())).collect()
    }

    /// The module's file, if its symbols were found.
    fn file(&self, module: &(dyn Module + Sync)) -> Option<FoundFile> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = modules.entry(module.base_address()).or_insert_with(|| self.ask(module));
        asked.file.clone()
    }

    fn ask(&self, module: &(dyn Module + Sync)) -> Asked {
        let lookup = match SymbolPath::of_module(module) {
            Ok(path) => self.store.find(&path),
            Err(error) => {
                tracing::debug!(%error, "a module's symbols can't be looked for");
                Lookup::Absent
            }
        };
        let (file, symbols) = match lookup {
            Lookup::Found(file) => {
                let url = file.0.url();
                (Some(file), ModuleSymbols::Found { url })
            }
            Lookup::Absent => (None, ModuleSymbols::Absent),
            Lookup::Corrupt(reason) => {
                (None, ModuleSymbols::Corrupt { reason: reason.as_ref().to_owned() })
            }
            Lookup::Failed(error) => {
                let cause = std::error::Error::source(&error);
                let reason =
                    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
                (None, ModuleSymbols::Failed { reason })
            }
        };
        let code_file = module.code_file();
        let leaf = code_file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Asked { leaf, file, symbols }
    }
}

#[async_trait]
impl SymbolProvider for DumpSymbols<'_> {
    async fn fill_symbol(
        &self,
        module: &(dyn Module + Sync),
        frame: &mut (dyn FrameSymbolizer + Send),
    ) -> Result<(), FillSymbolError> {
        // An error says "no symbols"; success without a name says "no code here", and the stack
        // scanner goes by that. So it must be the reference's answer in both cases.
        let file = self.file(module).ok_or(FillSymbolError {})?;
        if let Some(address) = frame.get_instruction().checked_sub(module.base_address())
            && let Some(symbols) = self.store.miniatures.naming(&file.0, address)
        {
            symbols.fill_symbol(module, frame);
        }
        Ok(())
    }

    async fn walk_frame(
        &self,
        module: &(dyn Module + Sync),
        walker: &mut (dyn FrameWalker + Send),
    ) -> Option<()> {
        let file = self.file(module)?;
        let address = walker.get_instruction().checked_sub(module.base_address())?;
        let symbols = self.store.miniatures.unwinding(&file.0, address)?;
        SymbolFile::walk_frame(&symbols, module, walker)
    }

    async fn get_file_path(
        &self,
        _module: &(dyn Module + Sync),
        _file_kind: FileKind,
    ) -> Result<PathBuf, FileError> {
        // Binaries of the crashed machine are none of ours.
        Err(FileError::NotFound)
    }

    /// The outcomes in the reference's form: by leaf name, so that modules of one name share.
    fn stats(&self) -> HashMap<String, SymbolStats> {
        let modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules
            .values()
            .map(|asked| {
                let mut stats = SymbolStats::default();
                match &asked.symbols {
                    ModuleSymbols::Found { url } => {
                        stats.loaded_symbols = true;
                        stats.symbol_url.clone_from(url);
                    }
                    ModuleSymbols::Corrupt { .. } => {
                        stats.loaded_symbols = true;
                        stats.corrupt_symbols = true;
                    }
                    ModuleSymbols::Absent | ModuleSymbols::Failed { .. } => {}
                }
                (asked.leaf.clone(), stats)
            })
            .collect()
    }
}
