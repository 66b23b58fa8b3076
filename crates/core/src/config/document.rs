//! A JSON document that remembers which keys it has more than once: `serde_json::Value` keeps the last one and says nothing.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The object that a file holds.
pub(super) struct Document {
    pub(super) object: Map<String, Value>,
    /// The paths (`Storage.AWSS3.bucket`) of keys that are there more than once.
    pub(super) repeated: BTreeSet<String>,
}

/// Parses the text; nothing but an object gives the value back.
pub(super) fn parse(text: &str) -> serde_json::Result<Option<Document>> {
    let repeated = RefCell::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { path: "", repeated: &repeated }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(match value {
        Value::Object(object) => Some(Document { object, repeated: repeated.into_inner() }),
        _ => None,
    })
}

/// A value somewhere in the document.
#[derive(Clone, Copy)]
struct Node<'a> {
    /// The keys that lead here, each followed by a dot.
    path: &'a str,
    repeated: &'a RefCell<BTreeSet<String>>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}].", self.path.trim_end_matches('.'), list.len());
            let Some(item) = items.next_element_seed(Node { path: &path, repeated: self.repeated })? else { break };
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = format!("{}{key}", self.path);
            let value = entries.next_value_seed(Node { path: &format!("{path}."), repeated: self.repeated })?;
            if object.insert(key, value).is_some() {
                self.repeated.borrow_mut().insert(path);
            }
        }
        Ok(object.into())
    }
}
