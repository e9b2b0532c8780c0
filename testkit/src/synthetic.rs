//! Minidumps of amd64, made byte by byte, with whatever in them no honest client sends.
//!
//! The format is Microsoft's (minidumpapiset.h). Equal names, debug records and register sets stand
//! in the file once, so that a list of many entries costs little more than its entries.

mod module;
mod writer;

use std::collections::HashMap;

pub use module::{Debug, Module};
use writer::{Place, Writer, count};

/// Where the first module lies.
pub const CODE: u64 = 0x40_0000;

/// How long it is.
pub const CODE_BYTES: u32 = 0x10_0000;

/// Where stacks lie.
pub const STACK: u64 = 0x7ffd_0000_0000;

/// A thread of a synthetic dump.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its id.
    pub id: u32,
    /// Which of the memories its record says is its stack.
    pub stack: Option<usize>,
    /// Its instruction pointer.
    pub instruction: u64,
    /// Its stack pointer.
    pub stack_pointer: u64,
    /// Its frame pointer.
    pub frame_pointer: u64,
}

/// What a dump is made of.
#[derive(Clone, Debug, Default)]
pub struct Synthetic {
    /// Addresses and bytes of memory.
    pub memories: Vec<(u64, Vec<u8>)>,
    /// Whether the memories stand in a memory list as well.
    pub memory_list: bool,
    /// Threads, in the order of the list.
    pub threads: Vec<Thread>,
    /// Loaded modules.
    pub modules: Vec<Module>,
    /// Unloaded modules.
    pub unloaded_modules: Vec<Module>,
    /// Streams that are given as they are: type and bytes.
    pub raw_streams: Vec<(u32, Vec<u8>)>,
    /// The thread that crashed.
    pub exception: Option<u32>,
    /// How many thread names there are, all of them this one.
    pub thread_names: Option<(u32, String)>,
    /// How many open handles there are, all of this type and name.
    pub handles: Option<(u32, String)>,
    /// Whether the machine ran Windows, not Linux.
    pub windows: bool,
}

impl Synthetic {
    /// A dump with one module.
    pub fn new() -> Self {
        Self { modules: vec![Module::new("/usr/bin/app", CODE)], ..Self::default() }
    }

    /// With modules of these names, one behind the other in memory from [`CODE`] on.
    #[must_use]
    pub fn with_modules(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.modules = one_behind_the_other(CODE, names);
        self
    }

    /// With unloaded modules of these names, far behind the loaded ones.
    #[must_use]
    pub fn with_unloaded(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.unloaded_modules = one_behind_the_other(0x1_0000_0000_0000, names);
        self
    }

    /// Adds a memory and returns its number.
    pub fn memory(&mut self, address: u64, bytes: Vec<u8>) -> usize {
        self.memories.push((address, bytes));
        self.memories.len() - 1
    }

    /// Adds a thread that begins at the first byte of a memory.
    pub fn thread(&mut self, id: u32, stack: usize) {
        let address = self.memories[stack].0;
        self.threads.push(Thread {
            id,
            stack: Some(stack),
            instruction: CODE + 0x100,
            stack_pointer: address,
            frame_pointer: address,
        });
    }

    /// The dump's bytes.
    pub fn build(&self) -> Vec<u8> {
        let mut file = Writer::new();
        let memories: Vec<Place> =
            self.memories.iter().map(|(_, bytes)| file.append(bytes)).collect();
        let mut streams = vec![(7, file.append(&self.system_info()))];
        streams.push((3, self.thread_list(&mut file, &memories)));
        streams.push((4, module::loaded_list(&self.modules, &mut file)));
        if !self.unloaded_modules.is_empty() {
            streams.push((14, module::unloaded_list(&self.unloaded_modules, &mut file)));
        }
        if self.memory_list {
            let mut list = count(memories.len());
            for ((address, _), place) in self.memories.iter().zip(&memories) {
                list.extend_from_slice(&address.to_le_bytes());
                list.extend_from_slice(&place.bytes());
            }
            streams.push((5, file.append(&list)));
        }
        for (kind, bytes) in &self.raw_streams {
            streams.push((*kind, file.append(bytes)));
        }
        if let Some(id) = self.exception {
            streams.push((6, self.exception_stream(&mut file, id)));
        }
        if let Some((names, name)) = &self.thread_names {
            let name = file.string(name);
            let mut list = count(*names as usize);
            for id in 0..*names {
                list.extend_from_slice(&id.to_le_bytes());
                list.extend_from_slice(&u64::from(name).to_le_bytes());
            }
            streams.push((24, file.append(&list)));
        }
        if let Some((handles, name)) = &self.handles {
            streams.push((12, handle_list(&mut file, *handles, name)));
        }
        file.finish(&streams)
    }

    fn thread_list(&self, file: &mut Writer, memories: &[Place]) -> Place {
        let mut list = count(self.threads.len());
        let mut contexts: HashMap<_, Place> = HashMap::new();
        for thread in &self.threads {
            let context = *contexts
                .entry((thread.instruction, thread.stack_pointer, thread.frame_pointer))
                .or_insert_with(|| file.append(&thread.context()));
            list.extend_from_slice(&thread.id.to_le_bytes());
            list.extend_from_slice(&[0; 20]);
            let stack = thread.stack.map(|number| (self.memories[number].0, memories[number]));
            let (address, place) = stack.unwrap_or_default();
            list.extend_from_slice(&address.to_le_bytes());
            list.extend_from_slice(&place.bytes());
            list.extend_from_slice(&context.bytes());
        }
        file.append(&list)
    }

    fn exception_stream(&self, file: &mut Writer, id: u32) -> Place {
        let crashed = self.threads.iter().find(|thread| thread.id == id);
        let context = crashed.map(|thread| file.append(&thread.context())).unwrap_or_default();
        let mut stream = Vec::new();
        stream.extend_from_slice(&id.to_le_bytes());
        stream.extend_from_slice(&[0; 4]);
        stream.extend_from_slice(&11_u32.to_le_bytes());
        stream.extend_from_slice(&[0; 148]);
        stream.extend_from_slice(&context.bytes());
        file.append(&stream)
    }

    fn system_info(&self) -> Vec<u8> {
        let mut info = vec![0; 56];
        info[0] = 9; // amd64
        info[6] = 1; // one processor
        let platform: u32 = if self.windows { 2 } else { 0x8201 };
        info[20..24].copy_from_slice(&platform.to_le_bytes());
        info
    }
}

/// So many copies of a module, one behind the other.
pub fn copies(module: &Module, count: usize) -> Vec<Module> {
    let bases = (0..).map(|number| module.base + number * u64::from(module.size));
    bases.take(count).map(|base| Module { base, ..module.clone() }).collect()
}

fn one_behind_the_other(
    first: u64,
    names: impl IntoIterator<Item = impl AsRef<str>>,
) -> Vec<Module> {
    let modules = names.into_iter().zip(0..);
    modules
        .map(|(name, number)| Module::new(name.as_ref(), first + number * u64::from(CODE_BYTES)))
        .collect()
}

/// MINIDUMP_HANDLE_DATA_STREAM.
fn handle_list(file: &mut Writer, handles: u32, name: &str) -> Place {
    let name = file.string(name);
    let mut list = Vec::new();
    for number in [16, 32, handles, 0] {
        list.extend_from_slice(&number.to_le_bytes());
    }
    for handle in 0..handles {
        list.extend_from_slice(&u64::from(handle).to_le_bytes());
        list.extend_from_slice([name.to_le_bytes(), name.to_le_bytes()].as_flattened());
        list.extend_from_slice(&[0; 16]);
    }
    file.append(&list)
}

impl Thread {
    /// CONTEXT_AMD64 with three registers.
    fn context(&self) -> Vec<u8> {
        let mut context = vec![0; 1232];
        context[48..52].copy_from_slice(&0x0010_001f_u32.to_le_bytes());
        context[152..160].copy_from_slice(&self.stack_pointer.to_le_bytes());
        context[160..168].copy_from_slice(&self.frame_pointer.to_le_bytes());
        context[248..256].copy_from_slice(&self.instruction.to_le_bytes());
        context
    }
}

/// A stack of frames linked by frame pointers, 16 bytes each, all returning to `to`.
pub fn frame_chain(address: u64, bytes: usize, to: u64) -> Vec<u8> {
    let mut stack = Vec::with_capacity(bytes);
    while stack.len() < bytes {
        stack.extend_from_slice(&(address + stack.len() as u64 + 16).to_le_bytes());
        stack.extend_from_slice(&to.to_le_bytes());
    }
    stack
}

/// A stack of nothing but return addresses into the module.
pub fn return_addresses(bytes: usize) -> Vec<u8> {
    (CODE + 0x200).to_le_bytes().repeat(bytes / 8)
}
