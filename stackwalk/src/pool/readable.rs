//! Reading JSON through without keeping any of it: whether every text in it can be read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Any JSON value whose texts hold no half characters. A tree of its values would take five times
/// the text, in the process that serves everybody.
pub(super) struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Pass)
    }
}

struct Pass;

impl<'de> Visitor<'de> for Pass {
    type Value = Readable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Readable, A::Error> {
        while items.next_element::<Readable>()?.is_some() {}
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Readable, A::Error> {
        while fields.next_entry::<Readable, Readable>()?.is_some() {}
        Ok(Readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_characters_are_found_anywhere_and_everything_else_passes() {
        let good = r#"{"a\u0000":[null,true,-1,1,1.5,"\ud83d\ude00",{"b":{}}]}"#;
        assert!(serde_json::from_str::<Readable>(good).is_ok());
        for bad in [r#"["\ud83d"]"#, r#"{"\ude00":1}"#, r#"{"a":["\ud83dx"]}"#, "[1,", "[1] 2"] {
            assert!(serde_json::from_str::<Readable>(bad).is_err(), "{bad}");
        }
    }
}
