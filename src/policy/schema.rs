//! The JSON Schema of a policy, for editors, made from the table of keys.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, json};

use super::dates;
use super::keys::{EXEMPTION, POLICY, SELECTORS, Shape, Takes};
use super::validate::VERSION;
use super::values::Form;
use crate::rule::{Level, Rule};

/// A policy file. What its schema refuses is not a policy; what it accepts may still contradict
/// itself, such as an exemption that ends before it starts.
pub(super) struct PolicyFile;

impl JsonSchema for PolicyFile {
    fn schema_name() -> Cow<'static, str> {
        "mfa-gate policy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = object(&POLICY.shape, generator);
        let about = "The policy of mfa-gate: which proofs of a second factor count, and who is \
                     exempt until when.";
        schema.insert("description".into(), about.into());
        schema
    }
}

/// A mapping with these keys and no others.
fn object(shape: &Shape, generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    for key in shape.keys {
        let mut schema = value(key.takes, generator);
        schema.insert("description".into(), key.about.trim_start().into());
        properties.insert(key.name.into(), schema.to_value());
    }
    let required = shape.keys.iter().filter(|key| key.is_required());
    let required: Vec<&str> = required.map(|key| key.name).collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What a key takes.
fn value(takes: Takes, generator: &mut SchemaGenerator) -> Schema {
    match takes {
        Takes::Version => json_schema!({"const": VERSION}),
        Takes::Number => json_schema!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Takes::Text(form) => json_schema!({"type": "string", "pattern": form.pattern()}),
        Takes::Texts(form) => {
            let mut list = json_schema!({
                "type": "array",
                "items": {"type": "string", "pattern": form.pattern()},
            });
            if form == Form::Slug {
                list.insert("minItems".into(), 1.into());
                list.insert("uniqueItems".into(), true.into());
            }
            list
        }
        Takes::Date => json_schema!({"type": "string", "pattern": dates::PATTERN}),
        Takes::Word(words) => (words.schema)(generator),
        Takes::Words(words, least) => {
            let items = (words.schema)(generator);
            json_schema!({"type": "array", "items": items, "minItems": least, "uniqueItems": true})
        }
        Takes::Rules => rules(),
        Takes::Mapping(shape) => object(shape, generator),
        Takes::Entries(shape) => {
            let mut items = object(shape, generator);
            let selector = SELECTORS.map(|key| json!({"required": [key.name]}));
            items.insert("anyOf".into(), selector.to_vec().into());
            items.insert(
                "not".into(),
                json!({"required": [EXEMPTION.account_id.name, EXEMPTION.uuid.name]}),
            );
            json_schema!({"type": "array", "items": items})
        }
    }
}

/// Every rule that can be set, with its levels.
fn rules() -> Schema {
    let mut properties = Map::new();
    for rule in Rule::settable() {
        let levels: Vec<_> = rule.allowed_levels().iter().copied().map(Level::id).collect();
        let schema = json!({
            "description": rule.description(),
            "default": rule.default_level().id(),
            "enum": levels,
        });
        properties.insert(rule.id().to_owned(), schema);
    }
    json_schema!({"type": "object", "properties": properties, "additionalProperties": false})
}
