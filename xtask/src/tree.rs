//! The workspace's files, read once, so that each rule is a pure function over them.

use std::fs;
use std::io;
use std::path::Path;

/// Larger files are data, not source.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 4] = ["target", ".git", ".cache", "node_modules"];

/// One file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path from the workspace's root, with `/`.
    pub path: String,
    /// Its text; empty if it is none.
    pub text: String,
}

impl SourceFile {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The first folder: the crate that the file belongs to.
    pub fn folder(&self) -> &str {
        self.path.split('/').next().unwrap_or(&self.path)
    }

    /// What follows the name's last dot.
    pub fn ending(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.ending() == "rs"
    }

    /// Whether all of it is test or benchmark code: it lies in such a folder.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "benches")
            || self.path.ends_with("/tests.rs")
    }
}

/// All files of a workspace, in the order of their paths.
#[derive(Debug, Default)]
pub struct Tree {
    files: Vec<SourceFile>,
}

impl Tree {
    /// Reads all files below `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { files })
    }

    /// A tree of the given paths and texts: for the rules' own tests.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Self { files }
    }

    /// The files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The file at exactly this path.
    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files below a folder.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| {
            file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            read_folder(&entry.path(), &path, files)?;
        } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX {
            // What is not UTF-8 is a picture or a dump: of that, only the path counts.
            let text = String::from_utf8(fs::read(entry.path())?).unwrap_or_default();
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}
