//! A value on its way into a bulk statement, and the two drivers' lists of them.

use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use crate::DbError;

/// A value with its column's type: PostgreSQL must know the type of a null, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Int(i64),
    OptInt(Option<i64>),
    Text(String),
    OptText(Option<String>),
    Bytes(Vec<u8>),
    OptBytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

value_from! {
    i64 => Int,
    Option<i64> => OptInt,
    String => Text,
    &str => Text,
    Option<String> => OptText,
    Vec<u8> => Bytes,
    &[u8] => Bytes,
    Option<Vec<u8>> => OptBytes,
}

pub fn sqlite_arguments(values: impl Iterator<Item = Value>) -> Result<SqliteArguments, DbError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.size_hint().0, 0);
    for value in values {
        match value {
            Value::Int(value) => Arguments::add(&mut arguments, value),
            Value::OptInt(value) => Arguments::add(&mut arguments, value),
            Value::Text(value) => Arguments::add(&mut arguments, value),
            Value::OptText(value) => Arguments::add(&mut arguments, value),
            Value::Bytes(value) => Arguments::add(&mut arguments, value),
            Value::OptBytes(value) => Arguments::add(&mut arguments, value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

pub fn postgres_arguments(values: impl Iterator<Item = Value>) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.size_hint().0, 0);
    for value in values {
        match value {
            Value::Int(value) => Arguments::add(&mut arguments, value),
            Value::OptInt(value) => Arguments::add(&mut arguments, value),
            Value::Text(value) => Arguments::add(&mut arguments, value),
            Value::OptText(value) => Arguments::add(&mut arguments, value),
            Value::Bytes(value) => Arguments::add(&mut arguments, value),
            Value::OptBytes(value) => Arguments::add(&mut arguments, value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
