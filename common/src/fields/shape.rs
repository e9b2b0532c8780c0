//! Whether a value has the shape that the table says, and the same value in that shape.
//!
//! Structures come from clients and from writers before us. What has another shape is left out, so
//! that nothing hides in a place that nobody described.

use serde_json::{Map, Number, Value};

use super::{Kind, Permission};

/// What was left out of a value while it was fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    /// Keys that the table does not list.
    pub unlisted: usize,
    /// Values of another shape than the table's.
    pub misshapen: usize,
}

/// The value as a holder of `rights` may see it, in the shape of `kind`; `None` if nothing of it
/// has that shape. Null is of every shape.
pub fn fit(value: Value, kind: Kind, rights: Permission, misfit: &mut Misfit) -> Option<Value> {
    let fitted = match (kind, value) {
        (Kind::Json, value) | (_, value @ Value::Null) => Some(value),
        (Kind::Object(parts), Value::Object(fields)) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                let Some(part) = parts.iter().find(|part| part.name == name) else {
                    misfit.unlisted += 1;
                    continue;
                };
                if part.permission <= rights
                    && let Some(value) = fit(value, part.kind, rights, misfit)
                {
                    kept.insert(name, value);
                }
            }
            return Some(Value::Object(kept));
        }
        (Kind::Map(inner), Value::Object(fields)) => {
            let each = |(name, value)| Some((name, fit(value, *inner, rights, misfit)?));
            return Some(Value::Object(fields.into_iter().filter_map(each).collect()));
        }
        (Kind::List(inner), Value::Array(items)) => {
            let each = |item| fit(item, *inner, rights, misfit);
            return Some(Value::Array(items.into_iter().filter_map(each).collect()));
        }
        (Kind::Texts, Value::Array(items)) => {
            let each = |item| fit(item, Kind::Text, rights, misfit);
            return Some(Value::Array(items.into_iter().filter_map(each).collect()));
        }
        (kind, value) => fit_plain(value, kind),
    };
    if fitted.is_none() {
        misfit.misshapen += 1;
    }
    fitted
}

/// A text, number or truth value as one of another kind, where it says the same.
fn fit_plain(value: Value, kind: Kind) -> Option<Value> {
    match (kind, value) {
        (Kind::Plain, value @ (Value::String(_) | Value::Number(_) | Value::Bool(_)))
        | (Kind::Text | Kind::Time, value @ Value::String(_))
        | (Kind::Number, value @ Value::Number(_))
        | (Kind::Boolean, value @ Value::Bool(_)) => Some(value),
        (Kind::Text, Value::Number(number)) => Some(number.to_string().into()),
        (Kind::Text, Value::Bool(truth)) => Some(truth.to_string().into()),
        (Kind::Integer, Value::Number(number)) => integer(&number),
        (Kind::Integer, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        (Kind::Number, Value::String(text)) => {
            let number = text.trim().parse::<f64>().ok();
            number.and_then(Number::from_f64).map(Value::Number)
        }
        (Kind::Boolean, Value::Number(number)) => match number.as_i64() {
            Some(0) => Some(false.into()),
            Some(1) => Some(true.into()),
            _ => None,
        },
        (Kind::Boolean, Value::String(text)) => match text.trim() {
            "1" | "true" => Some(true.into()),
            "0" | "false" => Some(false.into()),
            _ => None,
        },
        _ => None,
    }
}

/// The largest magnitude below which every whole number has a floating point of its own.
const EXACT_WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

fn integer(number: &Number) -> Option<Value> {
    if number.is_i64() {
        return Some(Value::Number(number.clone()));
    }
    let whole = number.as_f64().filter(|number| number.fract() == 0.0)?;
    // The range holds no number that the conversion would change.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    (whole.abs() <= EXACT_WHOLE_MAX).then(|| Value::from(whole as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Part;
    use super::*;

    const PARTS: &[Part] = &[
        Part::public("a", Kind::Integer),
        Part::protected("secret", Kind::Text),
        Part::public("each", Kind::List(&Kind::Object(&[Part::public("b", Kind::Boolean)]))),
        Part::public("any", Kind::Map(&Kind::Plain)),
    ];

    fn fitted(value: Value, kind: Kind, rights: Permission) -> (Option<Value>, Misfit) {
        let mut misfit = Misfit::default();
        (fit(value, kind, rights, &mut misfit), misfit)
    }

    #[test]
    fn plain_values_of_another_kind_are_converted_where_they_say_the_same() {
        for (kind, value, expected) in [
            (Kind::Text, json!("a"), Some(json!("a"))),
            (Kind::Text, json!(7), Some(json!("7"))),
            (Kind::Text, json!(true), Some(json!("true"))),
            (Kind::Text, json!(["a"]), None),
            (Kind::Integer, json!(7), Some(json!(7))),
            (Kind::Integer, json!(-7), Some(json!(-7))),
            (Kind::Integer, json!(7.0), Some(json!(7))),
            (Kind::Integer, json!(7.5), None),
            (Kind::Integer, json!(u64::MAX), None),
            (Kind::Integer, json!(1e300), None),
            (Kind::Integer, json!(" 12 "), Some(json!(12))),
            (Kind::Integer, json!("99999999999999999999"), None),
            (Kind::Integer, json!("1.5"), None),
            (Kind::Integer, json!(true), None),
            (Kind::Number, json!(1.5), Some(json!(1.5))),
            (Kind::Number, json!("1.5"), Some(json!(1.5))),
            (Kind::Number, json!("NaN"), None),
            (Kind::Number, json!("inf"), None),
            (Kind::Number, json!({}), None),
            (Kind::Boolean, json!(true), Some(json!(true))),
            (Kind::Boolean, json!(1), Some(json!(true))),
            (Kind::Boolean, json!("0"), Some(json!(false))),
            (Kind::Boolean, json!("false"), Some(json!(false))),
            (Kind::Boolean, json!("yes"), None),
            (Kind::Boolean, json!(2), None),
            (Kind::Plain, json!("x"), Some(json!("x"))),
            (Kind::Plain, json!({"x": 1}), None),
            (Kind::Plain, json!([1]), None),
            (Kind::Texts, json!(["a", 1, {"b": 1}]), Some(json!(["a", "1"]))),
            (Kind::Texts, json!("a"), None),
            (Kind::Object(PARTS), json!("a"), None),
            (Kind::Map(&Kind::Text), json!([1]), None),
            (Kind::List(&Kind::Text), json!({"a": 1}), None),
            (Kind::Json, json!({"a": [1]}), Some(json!({"a": [1]}))),
            (Kind::Integer, json!(null), Some(json!(null))),
        ] {
            let shown = value.to_string();
            assert_eq!(fitted(value, kind, Permission::Public).0, expected, "{kind:?} {shown}");
        }
    }

    #[test]
    fn a_structure_keeps_its_listed_parts_and_counts_the_others() {
        let value = json!({"a": "3", "secret": "s", "new": 1, "each": [{"b": 1}, {"b": "odd"}, 7],
            "any": {"x": 1, "y": [2]}});
        let kept = json!({"a": 3, "each": [{"b": true}, {}], "any": {"x": 1}});
        let misfit = Misfit { unlisted: 1, misshapen: 3 };
        let seen = fitted(value.clone(), Kind::Object(PARTS), Permission::Public);
        assert_eq!(seen, (Some(kept), misfit));
        let all = fitted(value, Kind::Object(PARTS), Permission::Protected);
        assert_eq!(all.0.unwrap()["secret"], "s");
        assert_eq!(all.1, misfit);
    }
}
