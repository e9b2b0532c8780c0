//! One way of spacing: none before stars, ampersands and commas, one after a comma.

use crate::work;

/// Writes the text with its spaces in one way.
pub(super) fn write(text: &str, out: &mut String) {
    work::looks_at(text.len());
    let bytes = text.as_bytes();
    let drops_space = |place: usize| {
        bytes.get(place) == Some(&b' ') && matches!(bytes.get(place + 1), Some(b'*' | b'&' | b','))
    };
    // Start of the text that has not been copied yet.
    let mut from = 0;
    for place in memchr::memchr2_iter(b' ', b',', bytes) {
        if drops_space(place) {
            out.push_str(&text[from..place]);
            from = place + 1;
        } else if bytes[place] == b','
            && (bytes.get(place + 1) != Some(&b' ') || drops_space(place + 1))
        {
            out.push_str(&text[from..=place]);
            out.push(' ');
            from = place + 1;
        }
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_stand_after_commas_and_nowhere_before() {
        for (text, expected) in [
            ("f( *s , &n)", "f(*s, &n)"),
            ("f3(s,t,u)", "f3(s, t, u)"),
            ("a, *b", "a, *b"),
            ("a,,b", "a, , b"),
            ("a  *", "a *"),
            ("a,", "a, "),
            ("日本, 語", "日本, 語"),
        ] {
            let mut out = "before".to_owned();
            write(text, &mut out);
            assert_eq!(out.strip_prefix("before"), Some(expected), "{text}");
        }
    }
}
