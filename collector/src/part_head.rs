//! The head of one part of a form: its name, whether it is a file, and its type.

/// What a part says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    /// The field's name. `None` if there is none, or it is empty or not UTF-8.
    pub name: Option<String>,
    /// The file's name; its being there is what tells a file, never the type.
    pub file_name: Option<String>,
    /// The media type in lower case, without parameters.
    pub media_type: Option<String>,
}

impl PartHead {
    /// Reads the lines between two delimiters. Lines that it does not know are passed over.
    pub(crate) fn parse(head: &[u8]) -> Self {
        let mut part = Self::default();
        for line in head.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-disposition") {
                let parameter = |wanted| parameter(value, wanted);
                part.name = parameter(b"name")
                    .and_then(|name| String::from_utf8(name).ok())
                    .filter(|name| !name.is_empty());
                part.file_name =
                    parameter(b"filename").map(|name| String::from_utf8_lossy(&name).into_owned());
            } else if name.eq_ignore_ascii_case(b"content-type") {
                let media =
                    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                part.media_type = Some(String::from_utf8_lossy(media).to_ascii_lowercase());
            }
        }
        part
    }
}

/// A parameter of a header's value, quoted or not, by its name in any case.
pub(crate) fn parameter(value: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value;
    loop {
        let semicolon = rest.iter().position(|byte| *byte == b';')?;
        rest = rest[semicolon + 1..].trim_ascii_start();
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let name = rest[..end].trim_ascii();
        if rest.get(end) != Some(&b'=') {
            rest = &rest[end..];
            continue;
        }
        let (text, after) = parameter_text(rest[end + 1..].trim_ascii_start());
        if name.eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after;
    }
}

/// The text after `=`, and what follows it.
fn parameter_text(value: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        return (value[..end].trim_ascii_end().to_vec(), &value[end..]);
    };
    let mut text = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b'"' => return (text, &quoted[place + 1..]),
            // Only a quote is ever escaped in the wild; a lone backslash is part of a Windows path.
            b'\\' if quoted.get(place + 1) == Some(&b'"') => {
                text.push(b'"');
                bytes.next();
            }
            byte => text.push(*byte),
        }
    }
    (text, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_real_clients_are_read() {
        let file = PartHead::parse(
            b"content-type: application/octet-stream\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"a;b.dmp\"",
        );
        assert_eq!(file.name.as_deref(), Some("upload_file_minidump"));
        assert_eq!(file.file_name.as_deref(), Some("a;b.dmp"));
        assert_eq!(file.media_type.as_deref(), Some("application/octet-stream"));
        let android = PartHead::parse(b"Content-Disposition: form-data; name=ProductName");
        assert_eq!(android.name.as_deref(), Some("ProductName"));
        let odd = PartHead::parse(
            b"Content-Disposition: form-data; filename=\"C:\\x\\y.dmp\"; NAME=\"a\\\"b\"",
        );
        assert_eq!(odd.name.as_deref(), Some("a\"b"));
        assert_eq!(odd.file_name.as_deref(), Some("C:\\x\\y.dmp"));
    }

    #[test]
    fn names_that_are_empty_or_no_text_are_none() {
        assert_eq!(PartHead::parse(b"Content-Disposition: form-data; name=\"\"").name, None);
        assert_eq!(
            PartHead::parse(b"Content-Disposition: form-data; name=\"\x90\x91\"").name,
            None
        );
        assert_eq!(PartHead::parse(b""), PartHead::default());
        assert_eq!(PartHead::parse(b"Content-Disposition: form-data; name; x=").name, None);
    }
}
