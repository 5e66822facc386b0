//! A value on its way into a bulk statement, and the two drivers' lists of them.

use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Encode, Type};

use crate::DbError;

/// A value with its column's type: PostgreSQL must know the type of a null, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+ $(,)?) => {
        $(
            impl From<$from> for Value {
                fn from(value: $from) -> Self {
                    Self::$variant(Some(value.into()))
                }
            }
        )+
    };
}

value_from! {
    i64 => Int,
    String => Text,
    &str => Text,
    Vec<u8> => Bytes,
    &[u8] => Bytes,
}

macro_rules! value_from_option {
    ($($of:ty => $variant:ident),+ $(,)?) => {
        $(
            impl From<Option<$of>> for Value {
                fn from(value: Option<$of>) -> Self {
                    Self::$variant(value)
                }
            }
        )+
    };
}

value_from_option! {
    i64 => Int,
    String => Text,
    Vec<u8> => Bytes,
}

/// An argument for each value.
pub fn arguments<A>(values: impl Iterator<Item = Value>) -> Result<A, DbError>
where
    A: Arguments,
    Option<i64>: Encode<'static, A::Database> + Type<A::Database>,
    Option<String>: Encode<'static, A::Database> + Type<A::Database>,
    Option<Vec<u8>>: Encode<'static, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    arguments.reserve(values.size_hint().0, 0);
    for value in values {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The values of one column.
enum Column {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn with(value: Value, room: usize) -> Self {
        fn list<T>(value: T, room: usize) -> Vec<T> {
            let mut list = Vec::with_capacity(room);
            list.push(value);
            list
        }
        match value {
            Value::Int(value) => Self::Ints(list(value, room)),
            Value::Text(value) => Self::Texts(list(value, room)),
            Value::Bytes(value) => Self::Bytes(list(value, room)),
        }
    }

    /// Whether the value is of this column's type, and taken.
    fn takes(&mut self, value: Value) -> bool {
        match (self, value) {
            (Self::Ints(list), Value::Int(value)) => list.push(value),
            (Self::Texts(list), Value::Text(value)) => list.push(value),
            (Self::Bytes(list), Value::Bytes(value)) => list.push(value),
            _ => return false,
        }
        true
    }
}

/// An array for each column of rows of so many.
pub fn arrays(
    values: impl ExactSizeIterator<Item = Value>,
    columns: usize,
) -> Result<PgArguments, DbError> {
    let rows = values.len() / columns;
    let mut lists: Vec<Column> = Vec::with_capacity(columns);
    for (place, value) in values.enumerate() {
        let Some(list) = lists.get_mut(place % columns) else {
            lists.push(Column::with(value, rows));
            continue;
        };
        if !list.takes(value) {
            // What it holds may be the words of a case.
            let (row, column) = (place / columns + 1, place % columns + 1);
            let said = format!("row {row} has another type in column {column} than the first");
            return Err(DbError::Other(said));
        }
    }
    let mut arguments = PgArguments::default();
    for list in lists {
        match list {
            Column::Ints(list) => arguments.add(list),
            Column::Texts(list) => arguments.add(list),
            Column::Bytes(list) => arguments.add(list),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_than_its_column_is_refused() {
        let rows = |last: Value| [1.into(), "a".into(), None::<i64>.into(), last].into_iter();
        assert_eq!(arrays(rows("b".into()), 2).map(|list| list.len()), Ok(2));
        let refused = arrays(rows(vec![7_u8].into()), 2);
        assert!(
            matches!(refused, Err(DbError::Other(said)) if said.contains("row 2") && said.contains("column 2"))
        );
    }
}
