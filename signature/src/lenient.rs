//! Reading JSON that others wrote: a part of another shape than agreed is as good as absent, and
//! hides nothing beside it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text; anything else is absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    read::<Text, D>(source)
}

/// A whole number, its text, or a number that is cut to a whole one; beyond what fits, the largest
/// or the smallest that does.
pub(crate) fn integer<'de, D: Deserializer<'de>>(source: D) -> Result<Option<i64>, D::Error> {
    read::<Integer, D>(source)
}

/// A list of objects: one of another shape is an empty one, so that places keep their numbers.
pub(crate) fn list<'de, D, T>(source: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    read::<List<T>, D>(source)
}

/// A list of texts, or one text that holds them between commas.
pub(crate) fn texts<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Vec<String>>, D::Error> {
    read::<Texts, D>(source)
}

/// What a reader makes of each shape of JSON: by default nothing.
trait Reader<'de> {
    type Value: Default;

    fn text(_: &str) -> Self::Value {
        Self::Value::default()
    }

    fn integer(_: i64) -> Self::Value {
        Self::Value::default()
    }

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::Value::default())
    }

    fn object<A: MapAccess<'de>>(mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::Value::default())
    }
}

fn read<'de, R: Reader<'de>, D: Deserializer<'de>>(source: D) -> Result<R::Value, D::Error> {
    source.deserialize_any(AnyShape::<R>(PhantomData))
}

struct AnyShape<R>(PhantomData<R>);

impl<'de, R: Reader<'de>> Visitor<'de> for AnyShape<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<R::Value, E> {
        Ok(R::Value::default())
    }

    fn visit_none<E: Error>(self) -> Result<R::Value, E> {
        Ok(R::Value::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<R::Value, D::Error> {
        read::<R, D>(source)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<R::Value, E> {
        Ok(R::integer(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<R::Value, E> {
        Ok(R::integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<R::Value, E> {
        Ok(R::integer(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "cut, and bounded by the cast itself")]
    fn visit_f64<E: Error>(self, value: f64) -> Result<R::Value, E> {
        Ok(R::integer(value as i64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R::Value, E> {
        Ok(R::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<R::Value, A::Error> {
        R::list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, items: A) -> Result<R::Value, A::Error> {
        R::object(items)
    }
}

struct Text;

impl Reader<'_> for Text {
    type Value = Option<String>;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}

struct Integer;

impl Reader<'_> for Integer {
    type Value = Option<i64>;

    fn text(text: &str) -> Option<i64> {
        let wide: i128 = text.trim().parse().ok()?;
        let bounded = wide.clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(bounded).ok()
    }

    fn integer(value: i64) -> Option<i64> {
        Some(value)
    }
}

struct Texts;

impl<'de> Reader<'de> for Texts {
    type Value = Option<Vec<String>>;

    fn text(text: &str) -> Option<Vec<String>> {
        Some(text.split(',').map(|part| part.trim().to_owned()).collect())
    }

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Vec<String>>, A::Error> {
        let mut texts = Vec::new();
        while let Some(Item::<Text>(text)) = items.next_element()? {
            texts.extend(text);
        }
        Ok(Some(texts))
    }
}

struct List<T>(PhantomData<T>);

impl<'de, T: Default + Deserialize<'de>> Reader<'de> for List<T> {
    type Value = Option<Vec<T>>;

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Vec<T>>, A::Error> {
        let mut list = Vec::new();
        while let Some(Item::<Object<T>>(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Some(list))
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Default + Deserialize<'de>> Reader<'de> for Object<T> {
    type Value = T;

    fn object<A: MapAccess<'de>>(items: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(items))
    }
}

/// One item of a list, by its reader.
struct Item<R>(<R as ItemOf>::Value)
where
    R: ItemOf;

/// A reader's value, without the lifetime of what it reads from.
trait ItemOf {
    type Value;
}

impl ItemOf for Text {
    type Value = Option<String>;
}

impl<T> ItemOf for Object<T> {
    type Value = T;
}

impl<'de, R> Deserialize<'de> for Item<R>
where
    R: ItemOf + Reader<'de, Value = <R as ItemOf>::Value>,
{
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        read::<R, D>(source).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use crate::crash_data::CrashData;

    #[test]
    fn a_part_of_another_shape_hides_nothing_beside_it() {
        let text = r#"{
            "os": 7, "reason": ["x"], "abort_message": {"a": [1]}, "crashing_thread": "1",
            "oom_allocation_size": 18446744073709551615, "ipc_channel_error": "Kill",
            "additional_minidumps": ["a", 1, "b"],
            "threads": [null, {"thread_name": true, "frames": [7, {"function": null, "module": "m", "line": "12",
                "inlines": {}, "unloaded_modules": [[], {"module": "gone"}]}]}]
        }"#;
        let crash: CrashData = serde_json::from_str(text).unwrap();
        assert_eq!((crash.os, crash.reason, crash.abort_message), (None, None, None));
        assert_eq!(crash.ipc_channel_error.as_deref(), Some("Kill"));
        assert_eq!((crash.crashing_thread, crash.oom_allocation_size), (Some(1), Some(i64::MAX)));
        assert_eq!(crash.additional_minidumps, Some(vec!["a".to_owned(), "b".to_owned()]));
        let threads = crash.threads.unwrap();
        let frames = threads[1].frames.as_deref().unwrap();
        assert_eq!((threads.len(), frames.len(), &threads[1].thread_name), (2, 2, &None));
        assert_eq!((frames[1].module.as_deref(), frames[1].line), (Some("m"), Some(12)));
        assert_eq!((&frames[1].function, &frames[1].inlines), (&None, &None));
        let gone = frames[1].unloaded_modules.as_deref().unwrap();
        assert_eq!(gone[1].module.as_deref(), Some("gone"));
    }

    #[test]
    fn numbers_come_in_many_forms() {
        for (text, expected) in [
            ("3", Some(3)),
            ("\" 3 \"", Some(3)),
            ("-1", Some(-1)),
            ("3.9", Some(3)),
            ("true", Some(1)),
            ("\"99999999999999999999\"", Some(i64::MAX)),
            ("1e300", Some(i64::MAX)),
            ("\"three\"", None),
            ("\"\"", None),
            ("[]", None),
            ("{}", None),
            ("null", None),
        ] {
            let crash = format!("{{\"crashing_thread\": {text}}}");
            let crash: CrashData = serde_json::from_str(&crash).unwrap();
            assert_eq!(crash.crashing_thread, expected, "{text}");
        }
    }
}
