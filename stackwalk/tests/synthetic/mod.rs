//! Minidumps of Linux on amd64, made byte by byte, with whatever in them no honest client sends.

/// Where the one real module lies, and how long it is.
pub(crate) const CODE: u64 = 0x40_0000;
pub(crate) const CODE_BYTES: u32 = 0x10_0000;

/// Where stacks lie.
pub(crate) const STACK: u64 = 0x7ffd_0000_0000;

/// A thread of a synthetic dump.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) id: u32,
    /// Which of the memories its record says is its stack.
    pub(crate) stack: Option<usize>,
    pub(crate) instruction: u64,
    pub(crate) stack_pointer: u64,
    pub(crate) frame_pointer: u64,
}

/// What a dump is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Synthetic {
    /// Addresses and bytes of memory.
    pub(crate) memories: Vec<(u64, Vec<u8>)>,
    /// Whether the memories stand in a memory list as well.
    pub(crate) memory_list: bool,
    pub(crate) threads: Vec<Thread>,
    /// Names of modules, one behind the other in memory from [`CODE`] on.
    pub(crate) modules: Vec<String>,
    /// Unloaded modules; they lie where the modules end.
    pub(crate) unloaded_modules: u32,
    /// Streams that are given as they are: type and bytes.
    pub(crate) raw_streams: Vec<(u32, Vec<u8>)>,
    /// The thread that crashed.
    pub(crate) exception: Option<u32>,
    /// How many thread names there are, all of them this one.
    pub(crate) thread_names: Option<(u32, String)>,
}

impl Synthetic {
    /// A dump with one module.
    pub(crate) fn new() -> Self {
        Self { modules: vec!["/usr/bin/app".to_owned()], ..Self::default() }
    }

    /// Adds a memory and returns its number.
    pub(crate) fn memory(&mut self, address: u64, bytes: Vec<u8>) -> usize {
        self.memories.push((address, bytes));
        self.memories.len() - 1
    }

    /// Adds a thread that begins at the first byte of a memory.
    pub(crate) fn thread(&mut self, id: u32, stack: usize) {
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
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut file = vec![0; 32];
        let memories: Vec<Place> =
            self.memories.iter().map(|(_, bytes)| append(&mut file, bytes)).collect();
        let mut streams = vec![(7, append(&mut file, &system_info()))];
        streams.push((3, self.thread_list(&mut file, &memories)));
        streams.push((4, self.module_list(&mut file)));
        if self.unloaded_modules > 0 {
            streams.push((14, self.unloaded_list(&mut file)));
        }
        if self.memory_list {
            let mut list = count(memories.len());
            for ((address, _), place) in self.memories.iter().zip(&memories) {
                list.extend(address.to_le_bytes());
                list.extend(place.bytes());
            }
            streams.push((5, append(&mut file, &list)));
        }
        for (kind, bytes) in &self.raw_streams {
            streams.push((*kind, append(&mut file, bytes)));
        }
        if let Some(id) = self.exception {
            streams.push((6, self.exception_stream(&mut file, id)));
        }
        if let Some((names, name)) = &self.thread_names {
            let name = append_string(&mut file, name);
            let mut list = count(*names as usize);
            for id in 0..*names {
                list.extend(id.to_le_bytes());
                list.extend(u64::from(name).to_le_bytes());
            }
            streams.push((24, append(&mut file, &list)));
        }
        finish(file, &streams)
    }

    fn thread_list(&self, file: &mut Vec<u8>, memories: &[Place]) -> Place {
        let mut list = count(self.threads.len());
        for thread in &self.threads {
            let context = append(file, &thread.context());
            list.extend(thread.id.to_le_bytes());
            list.extend([0; 20]);
            let stack = thread.stack.map(|number| (self.memories[number].0, memories[number]));
            let (address, place) = stack.unwrap_or_default();
            list.extend(address.to_le_bytes());
            list.extend(place.bytes());
            list.extend(context.bytes());
        }
        append(file, &list)
    }

    fn module_list(&self, file: &mut Vec<u8>) -> Place {
        let mut list = count(self.modules.len());
        let mut base = CODE;
        for name in &self.modules {
            let name = append_string(file, name);
            list.extend(base.to_le_bytes());
            list.extend(CODE_BYTES.to_le_bytes());
            list.extend([0; 8]);
            list.extend(name.to_le_bytes());
            list.extend([0; 108 - 24]);
            base += u64::from(CODE_BYTES);
        }
        append(file, &list)
    }

    fn unloaded_list(&self, file: &mut Vec<u8>) -> Place {
        let name = append_string(file, "gone.so");
        let mut list = Vec::new();
        for number in [12, 24, self.unloaded_modules] {
            list.extend(number.to_le_bytes());
        }
        for number in 0..self.unloaded_modules {
            list.extend((0x1_0000_0000 + u64::from(number) * 0x1000).to_le_bytes());
            list.extend(0x1000_u32.to_le_bytes());
            list.extend([0; 8]);
            list.extend(name.to_le_bytes());
        }
        append(file, &list)
    }

    fn exception_stream(&self, file: &mut Vec<u8>, id: u32) -> Place {
        let crashed = self.threads.iter().find(|thread| thread.id == id);
        let context = crashed.map(|thread| append(file, &thread.context())).unwrap_or_default();
        let mut stream = Vec::new();
        stream.extend(id.to_le_bytes());
        stream.extend([0; 4]);
        stream.extend(11_u32.to_le_bytes());
        stream.extend([0; 148]);
        stream.extend(context.bytes());
        append(file, &stream)
    }
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
pub(crate) fn frame_chain(address: u64, bytes: usize, to: u64) -> Vec<u8> {
    let mut stack = Vec::with_capacity(bytes);
    while stack.len() < bytes {
        stack.extend((address + stack.len() as u64 + 16).to_le_bytes());
        stack.extend(to.to_le_bytes());
    }
    stack
}

/// A stack of nothing but return addresses into the module.
pub(crate) fn return_addresses(bytes: usize) -> Vec<u8> {
    (CODE + 0x200).to_le_bytes().repeat(bytes / 8)
}

/// Length and place of something in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    length: u32,
    offset: u32,
}

impl Place {
    fn bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..].copy_from_slice(&self.offset.to_le_bytes());
        bytes
    }
}

fn append(file: &mut Vec<u8>, bytes: &[u8]) -> Place {
    file.resize(file.len().next_multiple_of(8), 0);
    let offset = u32::try_from(file.len()).unwrap();
    file.extend(bytes);
    Place { length: u32::try_from(bytes.len()).unwrap(), offset }
}

fn append_string(file: &mut Vec<u8>, text: &str) -> u32 {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut string = count(units.len());
    string.extend(units);
    string.extend([0; 2]);
    append(file, &string).offset
}

fn count(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_le_bytes().to_vec()
}

fn system_info() -> Vec<u8> {
    let mut info = vec![0; 56];
    info[0] = 9; // amd64
    info[6] = 1; // one processor
    info[20..24].copy_from_slice(&0x8201_u32.to_le_bytes()); // Linux
    info
}

fn finish(mut file: Vec<u8>, streams: &[(u32, Place)]) -> Vec<u8> {
    file.resize(file.len().next_multiple_of(8), 0);
    let directory = u32::try_from(file.len()).unwrap();
    for (kind, place) in streams {
        file.extend(kind.to_le_bytes());
        file.extend(place.bytes());
    }
    file[..4].copy_from_slice(b"MDMP");
    file[4..8].copy_from_slice(&0xa793_u32.to_le_bytes());
    file[8..12].copy_from_slice(&u32::try_from(streams.len()).unwrap().to_le_bytes());
    file[12..16].copy_from_slice(&directory.to_le_bytes());
    file
}
