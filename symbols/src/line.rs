//! Lines of a .sym file, as far as the index has to understand them.
//!
//! The format is Breakpad's (docs/symbol_files.md there); what is accepted is decided by
//! breakpad-symbols alone. So these readers may be lenient: a file that they misread is one that
//! the reference rejects as a whole.

/// Bytes beyond which the reference skips a line: the largest buffer that it grows to.
pub(crate) const LINE_BYTES_MAX: usize = 160 * 1024;

/// A line without its end: `\n`, and any number of `\r` before it.
pub(crate) fn trimmed(line: &[u8]) -> &[u8] {
    let mut end = line.len();
    if line.last() == Some(&b'\n') {
        end -= 1;
    }
    while end > 0 && line[end - 1] == b'\r' {
        end -= 1;
    }
    &line[..end]
}

/// Fields of a line, parted by any number of spaces and tabs.
pub(crate) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| is_space(*byte)).filter(|field| !field.is_empty())
}

/// What follows the first `count` fields and the space after them: a name with its own spaces.
pub(crate) fn after_fields(mut line: &[u8], count: usize) -> &[u8] {
    for _ in 0..count {
        line = line.trim_ascii_start();
        let end = line.iter().position(|byte| is_space(*byte)).unwrap_or(line.len());
        line = &line[end..];
    }
    let start = line.iter().position(|byte| !is_space(*byte)).unwrap_or(line.len());
    &line[start..]
}

/// Whether a line is a line record of a `FUNC`: it begins with a hexadecimal number.
pub(crate) fn is_line_record(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    digits > 0 && line.get(digits).is_some_and(|byte| is_space(*byte))
}

/// A hexadecimal number of at most 16 digits.
pub(crate) fn hex(field: &[u8]) -> Option<u64> {
    number(field, 16)
}

/// A decimal number.
pub(crate) fn decimal(field: &[u8]) -> Option<u64> {
    number(field, 10)
}

fn number(field: &[u8], radix: u32) -> Option<u64> {
    if field.is_empty() || field.len() > 16 {
        return None;
    }
    let mut value = 0_u64;
    for byte in field {
        let digit = char::from(*byte).to_digit(radix)?;
        value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
