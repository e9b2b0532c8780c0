//! Modules of a synthetic dump, and their records.

use std::sync::Arc;

use super::CODE_BYTES;
use super::writer::{Place, Writer, count};

/// A module, loaded or not.
#[derive(Clone, Debug)]
pub struct Module {
    /// The path of its file.
    pub name: Arc<str>,
    /// Where it lies.
    pub base: u64,
    /// Bytes of it.
    pub size: u32,
    /// When it was built, in seconds: with the size it is a code id on Windows.
    pub time: u32,
    /// What names its symbols. An unloaded module has none in any case.
    pub debug: Debug,
}

/// The debug record of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Debug {
    /// There is none.
    None,
    /// A GUID, an age and a file's name.
    Pdb {
        /// The GUID's bytes.
        guid: [u8; 16],
        /// The age.
        age: u32,
        /// The file's name.
        file: Arc<[u8]>,
    },
    /// An ELF file's build id.
    BuildId(Arc<[u8]>),
}

impl Module {
    /// A module without a debug record.
    pub fn new(name: &str, base: u64) -> Self {
        Self { name: name.into(), base, size: CODE_BYTES, time: 0, debug: Debug::None }
    }

    /// With a debug record whose debug id is `debug_id`: 32 hexadecimal digits and an age of one.
    ///
    /// # Panics
    ///
    /// If the id is none.
    #[must_use]
    pub fn with_debug(mut self, debug_id: &str, file: &[u8]) -> Self {
        let mut guid = [0; 16];
        for (number, byte) in guid.iter_mut().enumerate() {
            #[expect(clippy::unwrap_used, reason = "a test with a wrong id fails by panicking")]
            let read = u8::from_str_radix(&debug_id[2 * number..2 * number + 2], 16).unwrap();
            *byte = read;
        }
        // The first three parts of a GUID stand in the machine's byte order.
        guid[..4].reverse();
        guid[4..6].reverse();
        guid[6..8].reverse();
        self.debug = Debug::Pdb { guid, age: 1, file: file.into() };
        self
    }
}

impl Debug {
    fn record(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Pdb { guid, age, file } => {
                [&b"RSDS"[..], guid, &age.to_le_bytes(), file, b"\0"].concat()
            }
            Self::BuildId(id) => [&b"LEpB"[..], id].concat(),
        }
    }
}

/// MINIDUMP_MODULE_LIST.
pub(super) fn loaded_list(modules: &[Module], file: &mut Writer) -> Place {
    let mut list = count(modules.len());
    // Clones of one text are told to be equal without reading it.
    let mut previous: Option<(&Module, u32, Place)> = None;
    for module in modules {
        let name = match previous {
            Some((before, name, _)) if before.name == module.name => name,
            _ => file.string(&module.name),
        };
        let debug = match (&module.debug, previous) {
            (Debug::None, _) => Place::default(),
            (debug, Some((before, _, place))) if before.debug == *debug => place,
            (debug, _) => file.append(&debug.record()),
        };
        previous = Some((module, name, debug));
        list.extend_from_slice(&module.base.to_le_bytes());
        list.extend_from_slice(&module.size.to_le_bytes());
        list.extend_from_slice(&[0; 4]);
        list.extend_from_slice(&module.time.to_le_bytes());
        list.extend_from_slice(&name.to_le_bytes());
        list.extend_from_slice(&[0; 52]);
        list.extend_from_slice(&debug.bytes());
        list.extend_from_slice(&[0; 24]);
    }
    file.append(&list)
}

/// MINIDUMP_UNLOADED_MODULE_LIST.
pub(super) fn unloaded_list(modules: &[Module], file: &mut Writer) -> Place {
    let mut list = Vec::new();
    list.extend_from_slice([12_u32.to_le_bytes(), 24_u32.to_le_bytes()].as_flattened());
    list.extend_from_slice(&count(modules.len()));
    let mut previous: Option<(&Module, u32)> = None;
    for module in modules {
        let name = match previous {
            Some((before, name)) if before.name == module.name => name,
            _ => file.string(&module.name),
        };
        previous = Some((module, name));
        list.extend_from_slice(&module.base.to_le_bytes());
        list.extend_from_slice(&module.size.to_le_bytes());
        list.extend_from_slice(&[0; 4]);
        list.extend_from_slice(&module.time.to_le_bytes());
        list.extend_from_slice(&name.to_le_bytes());
    }
    file.append(&list)
}
