//! The three real Firefox crashes beside the repository, unpacked into a folder of the test's own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the packed crashes: `../shared/corpus/firefox` beside the workspace.
pub(crate) fn packed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/firefox");
    assert!(
        folder.is_dir(),
        "the real crashes are missing: expected them in {} (see CONTRIBUTING.md)",
        folder.display()
    );
    folder
}

/// Unpacks all dumps, annotations and symbols below `target`, in the same layout.
pub(crate) fn unpack(target: &Path) {
    unpack_folder(&packed(), target);
}

fn unpack_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            unpack_folder(&path, &to.join(name));
        } else if let Some(name) = name.strip_suffix(".xz") {
            let output = File::create(to.join(name)).unwrap();
            let status =
                Command::new("xz").arg("-dc").arg(&path).stdout(output).status().expect("run xz");
            assert!(status.success(), "xz could not unpack {}", path.display());
        }
    }
}
