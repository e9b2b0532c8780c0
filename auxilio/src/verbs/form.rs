//! The form that a crash is posted as.

use auxilio_common::Random;
use auxilio_common::dump::MAIN_DUMP;

/// A form, ready to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// The value of `Content-Type`.
    pub(crate) content_type: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Form {
    /// The form as Firefox sends it: the JSON part, then fields, then the dump.
    pub(crate) fn new(
        dump: &[u8],
        extra: Option<&[u8]>,
        annotations: &[(String, String)],
        random: &dyn Random,
    ) -> Self {
        Self::of_parts(&[(MAIN_DUMP, dump)], extra, annotations, random)
    }

    /// The same with any number of dumps, each under the name of its part.
    pub(crate) fn of_parts(
        dumps: &[(&str, &[u8])],
        extra: Option<&[u8]>,
        annotations: &[(String, String)],
        random: &dyn Random,
    ) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let boundary = format!("----------------auxilio{:032x}", u128::from_be_bytes(bytes));
        let mut body =
            Vec::with_capacity(dumps.iter().map(|(_, dump)| dump.len()).sum::<usize>() + 8_192);
        let mut part = |head: String, value: &[u8]| {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        };
        if let Some(extra) = extra {
            part(
                "name=\"extra\"; filename=\"extra.json\"\r\nContent-Type: application/json".into(),
                extra,
            );
        }
        for (name, value) in annotations {
            part(format!("name=\"{}\"", name.replace('"', "\\\"")), value.as_bytes());
        }
        for (name, dump) in dumps {
            part(
                format!(
                    "name=\"{name}\"; filename=\"crash.dmp\"\r\nContent-Type: application/octet-stream"
                ),
                dump,
            );
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), body }
    }
}
