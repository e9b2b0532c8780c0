//! One way of spacing: none before stars, ampersands and commas, one after a comma.

use std::borrow::Cow;

/// The text with its spaces in one way.
pub(super) fn fix(text: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // Most names hold neither a space nor a comma.
    if memchr::memchr2(b' ', b',', bytes).is_none() {
        return text;
    }
    let drops_space = |place: usize| {
        bytes.get(place) == Some(&b' ') && matches!(bytes.get(place + 1), Some(b'*' | b'&' | b','))
    };
    let mut fixed = String::with_capacity(text.len());
    // Start of the text that has not been copied yet.
    let mut from = 0;
    for place in memchr::memchr2_iter(b' ', b',', bytes) {
        if drops_space(place) {
            fixed.push_str(&text[from..place]);
            from = place + 1;
        } else if bytes[place] == b','
            && (bytes.get(place + 1) != Some(&b' ') || drops_space(place + 1))
        {
            fixed.push_str(&text[from..=place]);
            fixed.push(' ');
            from = place + 1;
        }
    }
    if from == 0 {
        return text;
    }
    fixed.push_str(&text[from..]);
    Cow::Owned(fixed)
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
            assert_eq!(fix(Cow::Borrowed(text)), expected, "{text}");
        }
    }
}
