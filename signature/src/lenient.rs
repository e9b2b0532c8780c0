//! Reading JSON that others wrote: a part of another shape than agreed is as good as absent, and
//! hides nothing beside it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

/// An object, by what it makes of its keys.
pub(crate) trait Fields: Default {
    /// Takes the value of a key; says false, and takes nothing, if the key means nothing here.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, items: &mut A) -> Result<bool, A::Error>;

    /// Reads all keys. Of one that stands twice the last counts, as in other readers.
    fn read<'de, A: MapAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut object = Self::default();
        while let Some(Key(key)) = items.next_key()? {
            if !object.take(&key, &mut items)? {
                items.next_value::<IgnoredAny>()?;
            }
        }
        Ok(object)
    }
}

/// A key, which is copied only where it holds an escape.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Says by which reader each field of an object is read; the fields bear their keys' names.
macro_rules! fields {
    ($object:ident { $($field:ident: $reader:ty),+ $(,)? }) => {
        impl $crate::lenient::Fields for $object {
            fn take<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                items: &mut A,
            ) -> Result<bool, A::Error> {
                match key {
                    $(stringify!($field) => {
                        self.$field = $crate::lenient::value::<$reader, A>(items)?;
                    })+
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl<'de> serde::Deserialize<'de> for $object {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                $crate::lenient::object(source)
            }
        }
    };
}
pub(crate) use fields;

/// Reads an object; any other shape is an error.
pub(crate) fn object<'de, T: Fields, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    source.deserialize_map(AnObject(PhantomData))
}

/// Reads the value of the key that was read last.
pub(crate) fn value<'de, R: Part<'de>, A: MapAccess<'de>>(
    items: &mut A,
) -> Result<R::Value, A::Error> {
    items.next_value_seed(By::<R>(PhantomData))
}

/// A part of JSON, by its reader.
pub(crate) trait Part<'de> {
    /// What is made of it.
    type Value;

    fn read<D: Deserializer<'de>>(source: D) -> Result<Self::Value, D::Error>;
}

impl<'de, R: Reader<'de>> Part<'de> for R {
    type Value = R::Value;

    fn read<D: Deserializer<'de>>(source: D) -> Result<R::Value, D::Error> {
        source.deserialize_any(AnyShape::<R>(PhantomData))
    }
}

/// Any JSON but null, as it is.
pub(crate) struct Any;

impl<'de> Part<'de> for Any {
    type Value = Option<Value>;

    fn read<D: Deserializer<'de>>(source: D) -> Result<Option<Value>, D::Error> {
        Deserialize::deserialize(source)
    }
}

struct By<R>(PhantomData<R>);

impl<'de, R: Part<'de>> DeserializeSeed<'de> for By<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<R::Value, D::Error> {
        R::read(source)
    }
}

struct AnObject<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for AnObject<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::read(items)
    }
}

/// What a reader makes of each shape of JSON: by default nothing.
pub(crate) trait Reader<'de> {
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
        R::read(source)
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

/// A text; anything else is absent.
pub(crate) struct Text;

impl Reader<'_> for Text {
    type Value = Option<Box<str>>;

    fn text(text: &str) -> Option<Box<str>> {
        Some(text.into())
    }
}

/// A whole number, its text, or a number that is cut to a whole one; beyond what fits, the largest
/// or the smallest that does.
pub(crate) struct Integer;

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

/// A list of texts, or one text that holds them between commas.
pub(crate) struct Texts;

impl<'de> Reader<'de> for Texts {
    type Value = Option<Vec<Box<str>>>;

    fn text(text: &str) -> Option<Vec<Box<str>>> {
        Some(text.split(',').map(|part| part.trim().into()).collect())
    }

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Vec<Box<str>>>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element_seed(By::<Text>(PhantomData))? {
            texts.extend(text);
        }
        Ok(Some(texts))
    }
}

/// A list of objects: one of another shape is an empty one, so that places keep their numbers.
pub(crate) struct List<T>(PhantomData<T>);

impl<'de, T: Fields> Reader<'de> for List<T> {
    type Value = Option<Box<[T]>>;

    fn list<A: SeqAccess<'de>>(mut items: A) -> Result<Option<Box<[T]>>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(By::<Object<T>>(PhantomData))? {
            list.push(item);
        }
        Ok(Some(list.into()))
    }
}

/// An object; any other shape is an empty one.
pub(crate) struct Object<T>(PhantomData<T>);

impl<'de, T: Fields> Reader<'de> for Object<T> {
    type Value = T;

    fn object<A: MapAccess<'de>>(items: A) -> Result<T, A::Error> {
        T::read(items)
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
        assert_eq!(crash.additional_minidumps, Some(vec!["a".into(), "b".into()]));
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
