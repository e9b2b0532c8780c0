//! A form being received: fields become annotations, files go straight to the spool.

use auxilio_common::{Annotations, DumpName, Payload, dump::MAIN_DUMP, limits};
use auxilio_spool::Draft;

use crate::extra;
use crate::multipart::PartSink;
use crate::part_head::PartHead;
use crate::refusal::Refusal;

/// What has come of a form so far.
pub(crate) struct Form {
    draft: Draft,
    fields: Annotations,
    extra: Option<Annotations>,
    notes: Vec<String>,
    bytes_held: usize,
    current: Current,
}

/// The part under way.
enum Current {
    None,
    /// A part that is dropped; its bytes are passed over.
    Dropped,
    /// A form field.
    Field {
        name: String,
        text: Vec<u8>,
    },
    /// The JSON part.
    Extra {
        text: Vec<u8>,
    },
    /// A file that has no byte yet: browsers send an empty one for an input that was not filled.
    EmptyFile {
        name: DumpName,
        chosen: bool,
    },
    /// A file.
    File {
        bytes: u64,
    },
}

/// A form that is whole.
pub(crate) struct Received {
    pub(crate) draft: Draft,
    pub(crate) annotations: Annotations,
    pub(crate) payload: Payload,
    pub(crate) notes: Vec<String>,
}

impl Form {
    pub(crate) fn new(draft: Draft) -> Self {
        Self {
            draft,
            fields: Annotations::new(),
            extra: None,
            notes: Vec::new(),
            bytes_held: 0,
            current: Current::None,
        }
    }

    /// All parts are there: the JSON part's annotations win over fields of the same name.
    pub(crate) fn finish(mut self) -> Result<Received, Refusal> {
        let (annotations, payload) = match self.extra.take() {
            None => (self.fields, Payload::Multipart),
            Some(extra) if self.fields.is_empty() => (extra, Payload::Json),
            Some(extra) => {
                self.notes.push(
                    "both fields and a JSON part came: the JSON part's values were kept".into(),
                );
                self.fields.extend(extra);
                (self.fields, Payload::Both)
            }
        };
        if annotations.is_empty() {
            return Err(Refusal::NoAnnotations);
        }
        Ok(Received { draft: self.draft, annotations, payload, notes: self.notes })
    }

    fn begin_file(&mut self, name: &str, chosen: bool) -> Result<Current, Refusal> {
        if self.draft.dumps().len() >= limits::DUMPS_COUNT_MAX {
            return Err(Refusal::TooLarge("the number of files"));
        }
        let name = DumpName::from_part(name).map_err(Refusal::BadDumpName)?;
        Ok(Current::EmptyFile { name: self.free_name(name), chosen })
    }

    /// A second file of one name gets a number: neither of them is lost.
    fn free_name(&mut self, name: DumpName) -> DumpName {
        let taken =
            |name: &DumpName, form: &Self| form.draft.dumps().iter().any(|dump| dump.name == *name);
        if !taken(&name, self) {
            return name;
        }
        let stem: String = name.as_str().chars().take(limits::DUMP_NAME_CHARS_MAX - 3).collect();
        let free = (2..=limits::DUMPS_COUNT_MAX + 1)
            .filter_map(|number| DumpName::from_part(&format!("{stem}_{number}")).ok())
            .find(|name| !taken(name, self));
        // There are more numbers than files may come.
        let free = free.unwrap_or_else(|| name.clone());
        self.notes.push(format!("a second file named {name} was kept as {free}"));
        free
    }

    fn hold(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes_held += bytes;
        if self.bytes_held > limits::ANNOTATIONS_BYTES_MAX {
            return Err(Refusal::TooLarge("the text of all annotations"));
        }
        Ok(())
    }

    fn end_field(&mut self, name: String, text: Vec<u8>) {
        match String::from_utf8(text) {
            Ok(text) if text.len() > limits::ANNOTATION_BYTES_MAX => {
                self.notes.push(format!("{name:?} was longer than its limit and dropped"));
            }
            Ok(text) => {
                if self.fields.contains_key(&name) {
                    self.notes.push(format!("{name:?} came twice: the later value was kept"));
                }
                self.fields.insert(name, text);
            }
            Err(_) => self.notes.push(format!("{name:?} was not UTF-8 and dropped")),
        }
    }
}

impl PartSink for Form {
    type Error = Refusal;

    fn begin(&mut self, head: PartHead) -> Result<(), Refusal> {
        let Some(name) = head.name else {
            self.notes.push("a part without a readable name was dropped".into());
            self.current = Current::Dropped;
            return Ok(());
        };
        self.hold(name.len())?;
        let is_json = head.media_type.as_deref() == Some("application/json");
        self.current = if is_json || (name == "extra" && head.file_name.is_some()) {
            Current::Extra { text: Vec::new() }
        } else if let Some(file_name) = head.file_name {
            self.begin_file(&name, !file_name.is_empty())?
        } else if name.starts_with(MAIN_DUMP) {
            self.begin_file(&name, true)?
        } else if name.len() > limits::ANNOTATION_NAME_BYTES_MAX {
            self.notes.push("a field with a name beyond its limit was dropped".into());
            Current::Dropped
        } else if self.fields.len() >= limits::ANNOTATIONS_COUNT_MAX {
            return Err(Refusal::TooLarge("the number of annotations"));
        } else {
            Current::Field { name, text: Vec::new() }
        };
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if let Current::EmptyFile { name, .. } = &self.current {
            self.draft.begin_dump(name.clone()).map_err(Refusal::Spool)?;
            self.current = Current::File { bytes: 0 };
        }
        match &mut self.current {
            Current::None | Current::Dropped | Current::EmptyFile { .. } => Ok(()),
            Current::Field { text, .. } | Current::Extra { text } => {
                text.extend_from_slice(bytes);
                self.hold(bytes.len())
            }
            Current::File { bytes: so_far } => {
                *so_far += bytes.len() as u64;
                if *so_far > limits::DUMP_BYTES_MAX {
                    return Err(Refusal::TooLarge("a dump"));
                }
                self.draft.write(bytes).map(|_| ()).map_err(Refusal::Spool)
            }
        }
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match std::mem::replace(&mut self.current, Current::None) {
            Current::None | Current::Dropped => {}
            Current::Field { name, text } => self.end_field(name, text),
            Current::Extra { text } => {
                let more = extra::read(&text, &mut self.notes)?;
                self.extra.get_or_insert_default().extend(more);
            }
            Current::EmptyFile { name, chosen: true } => {
                self.draft.begin_dump(name).map_err(Refusal::Spool)?;
                self.draft.end_dump().map_err(Refusal::Spool)?;
            }
            Current::EmptyFile { name, chosen: false } => {
                self.notes.push(format!("{name} was an empty choice of a file and dropped"));
            }
            Current::File { .. } => {
                self.draft.end_dump().map_err(Refusal::Spool)?;
            }
        }
        Ok(())
    }
}
