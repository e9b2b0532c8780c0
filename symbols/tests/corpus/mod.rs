//! The three real Firefox crashes beside the repository, unpacked into a folder of the test's own.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// Unpacks all dumps and annotations below `target`, and with them, if asked, all symbols into
/// `symbols/` there. They come from `../shared/corpus/firefox` beside the workspace.
pub(crate) fn unpack(target: &Path, with_symbols: bool) {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/firefox");
    assert!(
        packed.is_dir(),
        "the real crashes are missing: expected them in {} (see CONTRIBUTING.md)",
        packed.display()
    );
    unpack_folder(&packed, target, with_symbols);
}

fn unpack_folder(from: &Path, to: &Path, with_folders: bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && with_folders {
            unpack_folder(&path, &to.join(name), true);
        } else if let Some(name) = name.strip_suffix(".xz") {
            let output = File::create(to.join(name)).unwrap();
            let status =
                Command::new("xz").arg("-dc").arg(&path).stdout(output).status().expect("run xz");
            assert!(status.success(), "xz could not unpack {}", path.display());
        }
    }
}
