//! JSON that is carried as text: large values that are passed on and not taken apart.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The text of one whole JSON value. It goes into larger documents and comes out of them as it is.
///
/// Its grammar is proven, what its strings escape is not: taking it apart may still fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// Takes a text that is one JSON value. The text is not copied.
    pub fn new(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The text of a value.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The value that the text stands for.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(self.get())
    }
}

/// Two are equal if their texts are.
impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_comes_out_of_a_document_as_it_went_in() {
        let text = JsonText::new(r#"{"b":1.50,"a":[]}"#.to_owned()).unwrap();
        let document = serde_json::to_string(&[&text, &text]).unwrap();
        assert_eq!(document, r#"[{"b":1.50,"a":[]},{"b":1.50,"a":[]}]"#);
        assert_eq!(serde_json::from_str::<[JsonText; 2]>(&document).unwrap()[1], text);
        assert_eq!(text.value().unwrap(), json!({"a": [], "b": 1.5}));
        assert_eq!(JsonText::of(&json!([1])).unwrap().get(), "[1]");
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in ["", "{", "1 2", "nul", "{\"a\":}"] {
            assert!(JsonText::new(text.to_owned()).is_err(), "{text}");
        }
    }
}
