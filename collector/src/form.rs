//! A form being received: fields become annotations, files go straight to the spool.
//!
//! What one part has wrong costs that part, with a note. What would make the crash another one than the
//! client has costs the crash: a file too large or too many of them, a JSON part that can't be read.

use auxilio_common::{
    Annotations, DumpName, Payload, dump::DumpNameError, dump::MAIN_DUMP, limits,
};
use auxilio_spool::Draft;

use crate::dump_part::DumpPart;
use crate::extra;
use crate::multipart::PartSink;
use crate::nested_form;
use crate::notes::{Notes, shown};
use crate::part_head::{PartHead, PartName};
use crate::refusal::Refusal;

/// The name of the part that carries all annotations as JSON.
const EXTRA: &str = "extra";

/// What has come of a form so far.
pub(crate) struct Form {
    draft: Draft,
    fields: Annotations,
    extra: Option<Annotations>,
    notes: Notes,
    bytes_held: usize,
    parts: usize,
    /// Whether the parts are those of a form within a file.
    nested: bool,
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
    /// A JSON part. One of another name than the usual is a file if it holds no annotations.
    Extra {
        text: Vec<u8>,
        file: Option<DumpPart>,
    },
    /// A file.
    File(DumpPart),
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
            notes: Notes::default(),
            bytes_held: 0,
            parts: 0,
            nested: false,
            current: Current::None,
        }
    }

    /// All parts are there: the JSON part's annotations win over fields of the same name.
    pub(crate) fn finish(mut self) -> Result<Received, Refusal> {
        let (annotations, payload) = match self.extra.take() {
            None => (self.fields, Payload::Multipart),
            Some(extra) if self.fields.is_empty() => (extra, Payload::Json),
            Some(mut extra) => {
                self.notes.push(
                    "both fields and a JSON part came: the JSON part's values were kept".into(),
                );
                self.fields.retain(|name, _| !extra.contains_key(name));
                merge(&mut extra, self.fields, &mut self.notes);
                (extra, Payload::Both)
            }
        };
        if annotations.is_empty() {
            return Err(Refusal::NoAnnotations);
        }
        let notes = self.notes.into_lines();
        Ok(Received { draft: self.draft, annotations, payload, notes })
    }

    /// Whether more bytes may cost much more time than their number says.
    pub(crate) fn is_unpacking(&self) -> bool {
        matches!(&self.current, Current::File(file) if file.is_packed())
    }

    fn begin_part(&mut self, head: PartHead) -> Result<Current, Refusal> {
        let is_json = head.media_type.as_deref() == Some("application/json");
        let is_file = head.file_name.is_some();
        let text = match &head.name {
            PartName::Text(name) => name.as_str(),
            _ => "",
        };
        if text == EXTRA && (is_json || is_file) {
            return Ok(Current::Extra { text: Vec::new(), file: None });
        }
        if is_json {
            let file = if is_file { Some(self.begin_file(&head)?) } else { None };
            return Ok(Current::Extra { text: Vec::new(), file });
        }
        if is_file || text.starts_with(MAIN_DUMP) {
            return self.begin_file(&head).map(Current::File);
        }
        Ok(self.begin_field(head.name))
    }

    fn begin_field(&mut self, name: PartName) -> Current {
        let why = match name {
            PartName::None => "a field without a name was dropped".to_owned(),
            PartName::Escaped(name) => format!("the field {} is not UTF-8: dropped", shown(&name)),
            PartName::Text(name) if name.len() > limits::ANNOTATION_NAME_BYTES_MAX => {
                format!("the field {} has a name beyond its limit: dropped", shown(&name))
            }
            PartName::Text(name) => {
                if self.fields.len() < limits::ANNOTATIONS_COUNT_MAX
                    || self.fields.contains_key(&name)
                {
                    return Current::Field { name, text: Vec::new() };
                }
                let max = limits::ANNOTATIONS_COUNT_MAX;
                format!("the field {} came after {max} others: dropped", shown(&name))
            }
        };
        self.notes.push(why);
        Current::Dropped
    }

    fn begin_file(&mut self, head: &PartHead) -> Result<DumpPart, Refusal> {
        if self.draft.dumps().len() >= limits::DUMPS_COUNT_MAX {
            return Err(Refusal::TooLarge("the number of files"));
        }
        let name = self.file_name(head);
        let name = self.free_name(name);
        let chosen = head.file_name.as_deref() != Some("");
        Ok(DumpPart::begin(name, chosen, !self.nested))
    }

    /// The name of a file in the spool: its part's, else the one that it has with the client, as far as
    /// either has usable characters.
    fn file_name(&mut self, head: &PartHead) -> DumpName {
        let client_name = head.file_name.as_deref().unwrap_or_default();
        let part_name = match &head.name {
            PartName::Text(name) | PartName::Escaped(name) => name.as_str(),
            PartName::None => client_name,
        };
        let name = [part_name, client_name, "file"]
            .iter()
            .find_map(|text| match DumpName::from_part(text) {
                Ok(name) => Some(name),
                Err(DumpNameError::Empty) => None,
                Err(DumpNameError::Reserved(name)) => {
                    DumpName::from_part(&format!("file_{name}")).ok()
                }
            })
            // The last of the three is a name.
            .unwrap_or_else(DumpName::main);
        if name.as_str() != part_name {
            self.notes.push(format!("the file {} was kept as {name}", shown(part_name)));
        }
        name
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

    /// Whether so many more bytes of texts may be held.
    fn hold(&mut self, bytes: usize) -> bool {
        self.bytes_held += bytes;
        self.bytes_held <= limits::ANNOTATIONS_BYTES_MAX
    }

    /// A field that became too long, or too many of them: it goes, and what it held with it.
    fn drop_field(&mut self) {
        if let Current::Field { name, text } =
            std::mem::replace(&mut self.current, Current::Dropped)
        {
            self.bytes_held -= text.len();
            self.notes.push(format!("{} was longer than its limit and dropped", shown(&name)));
        }
    }

    fn end_field(&mut self, name: String, text: Vec<u8>) {
        let Ok(text) = String::from_utf8(text) else {
            self.notes.push(format!("{} was not UTF-8 and dropped", shown(&name)));
            return;
        };
        let came_before = self.fields.contains_key(&name);
        if came_before && self.nested {
            self.notes.push(format!("{} came in both forms: the outer was kept", shown(&name)));
            return;
        }
        if came_before {
            self.notes.push(format!("{} came twice: the later value was kept", shown(&name)));
        }
        self.fields.insert(name, text);
    }

    /// A JSON part is whole. One that is an ordinary file too is kept as that if it can't be read.
    fn end_extra(&mut self, text: &[u8], file: Option<DumpPart>) -> Result<(), Refusal> {
        match (extra::read(text, &mut self.notes), file) {
            (Ok(more), _) => merge(self.extra.get_or_insert_default(), more, &mut self.notes),
            (Err(error), None) => return Err(error.into()),
            (Err(_), Some(mut file)) => {
                file.take(text, &mut self.draft, &mut self.notes)?;
                self.end_file(file)?;
            }
        }
        Ok(())
    }

    fn end_file(&mut self, file: DumpPart) -> Result<(), Refusal> {
        let Some((name, scratch)) = file.end(&mut self.draft, &mut self.notes)? else {
            return Ok(());
        };
        let Some(boundary) = nested_form::boundary(&scratch)? else {
            self.notes.push(format!("{name} is no whole form with a dump and was kept as it came"));
            return nested_form::keep_as_file(name, &scratch, &mut self.draft);
        };
        self.notes.push(format!("{name} was a form with a dump in it, which was taken apart"));
        self.nested = true;
        let fed = nested_form::feed(&boundary, &scratch, self);
        self.nested = false;
        fed
    }
}

/// Adds annotations, later ones over earlier ones of the same name, up to as many as there may be.
fn merge(all: &mut Annotations, more: Annotations, notes: &mut Notes) {
    let mut beyond = 0_usize;
    for (name, text) in more {
        if all.len() < limits::ANNOTATIONS_COUNT_MAX || all.contains_key(&name) {
            all.insert(name, text);
        } else {
            beyond += 1;
        }
    }
    if beyond > 0 {
        let max = limits::ANNOTATIONS_COUNT_MAX;
        notes.push(format!("{beyond} annotations beyond {max} were dropped"));
    }
}

impl PartSink for Form {
    type Error = Refusal;

    fn begin(&mut self, head: PartHead) -> Result<(), Refusal> {
        self.parts += 1;
        if self.parts > limits::PARTS_COUNT_MAX {
            return Err(Refusal::TooLarge("the number of parts"));
        }
        self.current = self.begin_part(head)?;
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match &mut self.current {
            Current::None | Current::Dropped => Ok(()),
            Current::Field { text, .. } => {
                text.extend_from_slice(bytes);
                let long = text.len() > limits::ANNOTATION_BYTES_MAX;
                if !self.hold(bytes.len()) || long {
                    self.drop_field();
                }
                Ok(())
            }
            Current::Extra { text, .. } => {
                text.extend_from_slice(bytes);
                if self.hold(bytes.len()) {
                    return Ok(());
                }
                self.too_much_json()
            }
            Current::File(file) => file.take(bytes, &mut self.draft, &mut self.notes),
        }
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match std::mem::replace(&mut self.current, Current::None) {
            Current::None | Current::Dropped => Ok(()),
            Current::Field { name, text } => {
                self.end_field(name, text);
                Ok(())
            }
            Current::Extra { text, file } => self.end_extra(&text, file),
            Current::File(file) => self.end_file(file),
        }
    }
}

impl Form {
    /// A JSON part beyond what may be held: a file goes on as a file.
    fn too_much_json(&mut self) -> Result<(), Refusal> {
        let Current::Extra { text, file: Some(mut file) } =
            std::mem::replace(&mut self.current, Current::None)
        else {
            return Err(Refusal::TooLarge("the JSON part"));
        };
        self.bytes_held -= text.len();
        file.take(&text, &mut self.draft, &mut self.notes)?;
        self.current = Current::File(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
