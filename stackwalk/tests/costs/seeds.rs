//! Real dumps to cut and to mutate.

use std::path::Path;

use auxilio_testkit::corpus;
use auxilio_testkit::crashme::{self, Kind, Options};
use auxilio_testkit::synthetic::{CODE, Debug, STACK, Synthetic, frame_chain};

/// A dump and its name.
pub(crate) type Seed = (String, Vec<u8>);

/// Dumps of the program that crashes on purpose.
pub(crate) fn of_crashme(folder: &Path) -> Vec<Seed> {
    let threads = Options { threads: 6, stack_kb: 4, ..Options::default() };
    [(Kind::Segv, Options::default()), (Kind::Abort, threads), (Kind::Panic, Options::default())]
        .map(|(kind, options)| {
            let path = folder.join(kind.name());
            crashme::dump(kind, options, &path).unwrap();
            (kind.name().to_owned(), std::fs::read(path).unwrap())
        })
        .to_vec()
}

/// Dumps of Firefox, if they are there: their absence is said aloud.
pub(crate) fn of_firefox(folder: &Path) -> Vec<Seed> {
    match corpus::unpack(&folder.join("corpus")) {
        Ok(corpus) => corpus
            .crashes
            .iter()
            .map(|crash| (crash.name.to_owned(), std::fs::read(&crash.dump).unwrap()))
            .collect(),
        Err(error) => {
            println!("NOT COVERED: dumps of Firefox: {error:#}");
            Vec::new()
        }
    }
}

/// The name of [`with_every_list`].
pub(crate) const EVERY_LIST: &str = "every-list";

/// A small dump with every kind of list in it.
pub(crate) fn with_every_list() -> Seed {
    let mut dump =
        Synthetic::new().with_modules(["C:\\app.exe", "C:\\b.dll"]).with_unloaded(["gone.dll"; 3]);
    dump.modules[0].debug = Debug::Pdb { guid: [7; 16], age: 1, file: (*b"app.pdb").into() };
    let stack = dump.memory(STACK, frame_chain(STACK, 800, CODE + 0x200));
    (1..=3).for_each(|id| dump.thread(id, stack));
    dump.exception = Some(2);
    dump.memory_list = true;
    dump.windows = true;
    dump.thread_names = Some((3, "worker".to_owned()));
    dump.handles = Some((5, "\\Device\\Null".to_owned()));
    (EVERY_LIST.to_owned(), dump.build())
}
