//! The head of one part of a form: its name, whether it is a file, and its type.

/// What a part says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHead {
    /// The part's name.
    pub name: PartName,
    /// The file's name; its being there is what tells a file, never the type.
    pub file_name: Option<String>,
    /// The media type in lower case, without parameters.
    pub media_type: Option<String>,
}

/// The name of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PartName {
    /// There is none, or it is empty.
    #[default]
    None,
    /// It is not UTF-8: what can be shown of it.
    Escaped(String),
    /// It is text.
    Text(String),
}

impl PartName {
    fn of(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        String::from_utf8(bytes).map_or_else(
            |error| Self::Escaped(error.as_bytes().escape_ascii().to_string()),
            Self::Text,
        )
    }
}

impl PartHead {
    /// Reads the lines between two delimiters, in any order, folded or not. Lines that it does not
    /// know are passed over.
    pub(crate) fn parse(head: &[u8]) -> Self {
        let mut part = Self::default();
        for line in unfolded(head) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-disposition") {
                part.name = text_parameter(value, b"name").map_or(PartName::None, PartName::of);
                part.file_name = text_parameter(value, b"filename")
                    .map(|name| String::from_utf8_lossy(&name).into_owned());
            } else if name.eq_ignore_ascii_case(b"content-type") {
                let media =
                    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                part.media_type = Some(String::from_utf8_lossy(media).to_ascii_lowercase());
            }
        }
        part
    }
}

/// A head's lines; one that begins with white space goes on with the line before it.
fn unfolded(head: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match lines.last_mut() {
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                last.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    lines
}

/// A parameter as text: plain, or in the extended form `name*=UTF-8''percent%2Dcoded`, in which
/// older Python clients send file names beyond ASCII.
fn text_parameter(value: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    parameter(value, wanted).or_else(|| {
        let extended = parameter(value, &[wanted, b"*"].concat())?;
        let text = extended.splitn(3, |byte| *byte == b'\'').nth(2)?;
        Some(percent_decoded(text))
    })
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let (mut decoded, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [byte, behind @ ..] = rest {
        let coded = rest.strip_prefix(b"%").and_then(|digits| {
            let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        decoded.push(coded.unwrap_or(*byte));
        rest = if coded.is_some() { &rest[3..] } else { behind };
    }
    decoded
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
        assert_eq!(file.name, PartName::Text("upload_file_minidump".into()));
        assert_eq!(file.file_name.as_deref(), Some("a;b.dmp"));
        assert_eq!(file.media_type.as_deref(), Some("application/octet-stream"));
        let android = PartHead::parse(b"Content-Disposition: form-data; name=ProductName");
        assert_eq!(android.name, PartName::Text("ProductName".into()));
        let odd = PartHead::parse(
            b"Content-Disposition: form-data; filename=\"C:\\x\\y.dmp\"; NAME=\"a\\\"b\"",
        );
        assert_eq!(odd.name, PartName::Text("a\"b".into()));
        assert_eq!(odd.file_name.as_deref(), Some("C:\\x\\y.dmp"));
    }

    #[test]
    fn names_that_are_empty_or_no_text_are_told_apart() {
        let name = |head: &[u8]| PartHead::parse(head).name;
        assert_eq!(name(b"Content-Disposition: form-data; name=\"\""), PartName::None);
        assert_eq!(name(b"Content-Disposition: form-data; name; x="), PartName::None);
        assert_eq!(
            name(b"Content-Disposition: form-data; name=\"\x90\x91a\""),
            PartName::Escaped("\\x90\\x91a".into())
        );
        assert_eq!(PartHead::parse(b""), PartHead::default());
    }

    #[test]
    fn folded_lines_odd_white_space_and_extended_names_are_read() {
        let part = PartHead::parse(
            b"CONTENT-DISPOSITION \t:\tform-data ;\r\n\t name = \"a\" ;\r\n  filename*=utf-8''%E6%97%A5.dmp\r\nContent-type:TEXT/Plain;charset=utf-8\r\n",
        );
        assert_eq!(part.name, PartName::Text("a".into()));
        assert_eq!(part.file_name.as_deref(), Some("日.dmp"));
        assert_eq!(part.media_type.as_deref(), Some("text/plain"));
        assert_eq!(percent_decoded(b"%4"), b"%4");
        assert_eq!(percent_decoded(b"%zz%41"), b"%zzA");
    }
}
