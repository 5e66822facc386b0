//! Acts at the command line: any kind, its fields and words as `name=value`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::case::resolve;
use super::print::json;
use super::report::read_text;
use super::{Failure, Out, Place, actor, attachment};
use crate::api::kinds::{self, Field, Kind, WordShape};
use crate::casework::{NewAct, closes_by_silence, erases_at_once};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id or ticket of the case
    #[arg(value_name = "CASE")]
    case: String,
    /// For instance case.disposed
    #[arg(value_name = "KIND")]
    kind: String,
    /// A clear field: target=kota-bandung, copies=a,b or JSON; repeat for more
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// A text that is encrypted: text=..., text=@FILE or text=@-; repeat for more, also of one name
    #[arg(long = "words", value_name = "NAME=TEXT")]
    words: Vec<String>,
    /// A file to attach; repeat for more
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    #[arg(long)]
    json: bool,
}

pub async fn act(place: &Place, args: Args, out: Out<'_>) -> Result<(), Failure> {
    let kind = kinds::act(&args.kind).ok_or_else(|| {
        Failure::usage(format!(
            "{} is no kind of act; `lapor-node case acts` lists them",
            args.kind
        ))
    })?;
    let body = read_fields(kind, &args.fields)?;
    let words = read_words(kind, &args.words)?;
    let mut act = NewAct {
        kind: args.kind,
        body,
        words,
        attachments: Vec::new(),
    };
    kinds::check(&act)?;
    erases_at_once(&act.kind)?;
    closes_by_silence(&act)?;
    let node = place.node().await?;
    let case = resolve(&node, &args.case).await?;
    act.attachments = attachment::take_in(&node, &args.attach).await?;
    let acted = node.act(case, act, &actor()).await?;
    if args.json {
        return json(&acted, out);
    }
    let state = acted
        .state
        .map_or("not known here", lapor_protocol::case::State::as_str);
    let custodian = acted
        .custodian
        .map_or_else(|| "nobody known here".into(), |id| id.to_string());
    writeln!(
        out,
        "Stored and pending: {}. The case is {state}, {custodian} has it.",
        kind.name
    )?;
    if let Some(child) = acted.child {
        writeln!(out, "  new case {child}")?;
    }
    Ok(())
}

/// All kinds with who may, what they hold, and what is filled in when left out.
pub fn list(out: Out<'_>) -> Result<(), Failure> {
    for kind in kinds::acts() {
        writeln!(out, "{}\n  {}. By: {}.", kind.name, kind.what, kind.who)?;
        for field in kind.fields() {
            let need = if field.required { " (required)" } else { "" };
            writeln!(out, "  --field {}={}{need}", field.name, field.values)?;
        }
        for word in kind.word_fields {
            let need = if word.required { " (required)" } else { "" };
            writeln!(out, "  --words {}=...{need}  {}", word.name, word.what)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn read_fields(kind: &Kind, given: &[String]) -> Result<Map<String, Value>, Failure> {
    let known = kind.fields();
    let mut body = Map::new();
    for text in given {
        let (name, value) = pair(text, "--field")?;
        let value = match known.iter().find(|field| field.name == name) {
            Some(field) => read_value(field, value),
            // `kinds::check` refuses it with the names that there are.
            None => Value::String(value.into()),
        };
        body.insert(name.into(), value);
    }
    Ok(body)
}

/// A text where the field is one, so that `region=32.73` is no number; else
/// JSON; else, for a list, what stands between commas.
fn read_value(field: &Field, text: &str) -> Value {
    let is_text = field.values == "string" || field.values.contains(" | ");
    if is_text && !text.starts_with('"') {
        return text.into();
    }
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) if field.values == "array" => text
            .split(',')
            .map(|each| Value::from(each.trim()))
            .collect(),
        Err(_) => text.into(),
    }
}

fn read_words(kind: &Kind, given: &[String]) -> Result<Option<Map<String, Value>>, Failure> {
    let mut words = Map::new();
    for text in given {
        let (name, value) = pair(text, "--words")?;
        let value = match value.strip_prefix('@') {
            Some(file) => read_text(Path::new(file))?,
            None => value.to_owned(),
        };
        match kind
            .word_fields
            .iter()
            .find(|word| word.name == name)
            .map(|word| word.shape)
        {
            Some(WordShape::Texts) => {
                let all = words
                    .entry(name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                all.as_array_mut()
                    .into_iter()
                    .for_each(|all| all.push(value.as_str().into()));
            }
            Some(WordShape::Coordinates | WordShape::Forms) => {
                let value = serde_json::from_str(&value).map_err(|error| {
                    Failure::usage(format!("--words {name}: expected JSON: {error}"))
                })?;
                words.insert(name.into(), value);
            }
            _ => drop(words.insert(name.into(), value.into())),
        }
    }
    Ok((!words.is_empty()).then_some(words))
}

fn pair<'a>(text: &'a str, flag: &str) -> Result<(&'a str, &'a str), Failure> {
    text.split_once('=')
        .ok_or_else(|| Failure::usage(format!("{flag} expects NAME=VALUE, not {text:?}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::exit;

    use super::*;

    #[test]
    fn fields_are_read_by_their_type() {
        let given = [
            "region=32.73",
            "oversight=true",
            "excluded=kota-bandung, bumn-pln",
        ];
        let kind = kinds::act("case.verified").unwrap();
        let body = read_fields(kind, &given.map(str::to_owned)).unwrap();
        let expected = json!({
            "region": "32.73", "oversight": true, "excluded": ["kota-bandung", "bumn-pln"]
        });
        assert_eq!(Value::Object(body), expected);
    }

    #[test]
    fn words_of_one_name_become_a_list_where_the_kind_has_one() {
        let given = ["questions=Di mana?", "questions=Sejak kapan = kapan?"];
        let kind = kinds::act("case.held").unwrap();
        let words = read_words(kind, &given.map(str::to_owned))
            .unwrap()
            .unwrap();
        assert_eq!(
            Value::Object(words),
            json!({"questions": ["Di mana?", "Sejak kapan = kapan?"]})
        );
        assert!(read_words(kind, &[]).unwrap().is_none());
        assert_eq!(
            read_words(kind, &["questions".into()]).unwrap_err().code,
            exit::USAGE
        );
    }

    #[test]
    fn the_list_names_every_kind_with_its_fields() {
        let mut text = Vec::new();
        list(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for kind in kinds::acts() {
            assert!(text.contains(kind.name), "{}", kind.name);
        }
        assert!(text.contains("--field target=string (required)"), "{text}");
        assert!(
            text.contains("--field reason=not_our_authority | wrong_region"),
            "{text}"
        );
        assert!(!text.contains("commitment"), "{text}");
    }
}
