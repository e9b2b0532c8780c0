//! A folder of a site's or a product's lists for signatures.

use std::path::{Path, PathBuf};

use auxilio_signature::{ListError, ListTexts, Lists};

/// The files, by the lists that they hold: by our name, else by the one that Socorro gives it.
const FILES: [(&str, &[&str]); 6] = [
    ("irrelevant", &["irrelevant.txt", "irrelevant_signature_re.txt"]),
    ("prefix", &["prefix.txt", "prefix_signature_re.txt"]),
    ("relevant", &["relevant.txt"]),
    ("sentinels", &["sentinels.txt", "signature_sentinels.txt"]),
    ("line_numbers", &["line_numbers.txt", "signatures_with_line_numbers_re.txt"]),
    ("foreign_modules", &["foreign_modules.txt"]),
];

/// The texts of a folder's lists; a file that is not there is an empty list, which matches nothing.
#[derive(Debug)]
pub struct ListFolder {
    dir: PathBuf,
    /// File and text of each list, in the order of `FILES`.
    files: [(PathBuf, String); 6],
}

/// Why a folder's lists can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ListFolderError {
    /// It is no folder, or a file of it can't be read.
    #[error("can't read \"{}\", lists for signatures", path.display())]
    Read {
        /// What can't be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A list is at fault: it names the line.
    #[error("\"{}\": {source}", path.display())]
    List {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ListError,
    },
    /// A file that nothing would read: a list's name was mistyped.
    #[error("\"{}\" is none of the lists for signatures: {}", path.display(), names())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

impl ListFolder {
    /// Reads a folder.
    pub fn read(dir: &Path) -> Result<Self, ListFolderError> {
        // A folder that is not there would be all empty lists.
        std::fs::read_dir(dir).map_err(failed(dir))?;
        let mut files = FILES.map(|_| (PathBuf::new(), String::new()));
        for ((_, names), file) in FILES.iter().zip(&mut files) {
            *file = read_first(dir, names)?;
        }
        Ok(Self { dir: dir.to_owned(), files })
    }

    /// Refuses text files that are no lists.
    pub fn check_names(&self) -> Result<(), ListFolderError> {
        for entry in std::fs::read_dir(&self.dir).map_err(failed(&self.dir))? {
            let path = entry.map_err(failed(&self.dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_known = FILES.iter().any(|(_, names)| names.contains(&name));
            if path.extension().is_some_and(|ending| ending == "txt") && !is_known {
                return Err(ListFolderError::Unknown { path });
            }
        }
        Ok(())
    }

    /// The texts of all lists, in a fixed order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, text)| text.as_str())
    }

    /// Its lists as one more layer over others.
    pub fn over(&self, below: &Lists) -> Result<Lists, ListFolderError> {
        let [irrelevant, prefix, relevant, sentinels, line_numbers, foreign_modules] =
            self.files.each_ref().map(|(_, text)| text.as_str());
        let texts =
            ListTexts { irrelevant, prefix, relevant, sentinels, line_numbers, foreign_modules };
        below.with_layer(&self.dir.to_string_lossy(), &texts).map_err(|source| {
            let place = FILES.iter().position(|(list, _)| *list == source.list());
            let path = place.map_or(&self.dir, |place| &self.files[place].0).clone();
            ListFolderError::List { path, source }
        })
    }
}

/// The first of these files that is there.
fn read_first(dir: &Path, names: &[&str]) -> Result<(PathBuf, String), ListFolderError> {
    for path in names.iter().map(|name| dir.join(name)) {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok((path, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Ok((dir.to_owned(), String::new()))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> ListFolderError {
    let path = path.to_owned();
    |source| ListFolderError::Read { path, source }
}

fn names() -> String {
    FILES.map(|(_, names)| names[0]).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_by_its_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        let over = || ListFolder::read(dir.path())?.over(&Lists::default());
        over().unwrap();
        std::fs::write(dir.path().join("prefix_signature_re.txt"), "# ours\na\n(\n").unwrap();
        let said = over().unwrap_err().to_string();
        let expected = "prefix_signature_re.txt\": line 3 of the prefix list is no pattern";
        assert!(said.ends_with(expected), "{said}");
        // Our name goes before Socorro's.
        std::fs::write(dir.path().join("prefix.txt"), "a\n").unwrap();
        over().unwrap();
        std::fs::write(dir.path().join("sentinels.txt"), b"\xff").unwrap();
        let said = over().unwrap_err().to_string();
        assert!(said.contains("sentinels.txt"), "{said}");
    }

    #[test]
    fn a_name_that_nothing_reads_is_refused_and_so_is_a_folder_that_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("README.md"), "").unwrap();
        let check = || ListFolder::read(dir.path())?.check_names();
        check().unwrap();
        std::fs::write(dir.path().join("prefixes.txt"), "").unwrap();
        let said = check().unwrap_err().to_string();
        assert!(said.contains("prefixes.txt") && said.contains("prefix.txt,"), "{said}");
        let gone = dir.path().join("gone");
        assert!(ListFolder::read(&gone).unwrap_err().to_string().contains("gone"));
    }
}
