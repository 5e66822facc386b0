//! One field as a form shows it: label, hint, what was typed, what is wrong.
//! `templates/kit/form.html` draws it.

/// A field of a form.
pub struct Field<'a> {
    pub name: &'static str,
    pub label: String,
    pub hint: Option<String>,
    pub value: &'a str,
    pub complaint: Option<&'a str>,
    pub required: bool,
    /// It depends on another field, or asks what was meant by it: neither demanded nor called optional.
    pub asks_back: bool,
    /// The `type` of an `input`.
    pub kind: &'static str,
    /// What a browser may fill in by itself (HTML, 4.10.18.7).
    pub autocomplete: Option<&'static str>,
    /// Which keys a telephone shows.
    pub inputmode: Option<&'static str>,
    /// The least that a browser offers, such as the first day.
    pub least: Option<&'a str>,
    /// Characters, at most; the form is judged by the server all the same.
    pub most: Option<usize>,
    pub asks: Option<&'static str>,
    /// The id of the `datalist` with what may be meant.
    pub list: Option<&'static str>,
    /// Lines of a text area.
    pub rows: u8,
    pub choices: Vec<Choice>,
}

/// One of the values of a list or of a group of buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A sentence below the label; not in a drop-down list.
    pub hint: Option<String>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            hint: None,
        }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl<'a> Field<'a> {
    pub(super) fn new(
        name: &'static str,
        label: String,
        value: &'a str,
        complaint: Option<&'a str>,
    ) -> Self {
        Self {
            name,
            label,
            hint: None,
            value,
            complaint,
            required: false,
            asks_back: false,
            kind: "text",
            autocomplete: None,
            inputmode: None,
            least: None,
            most: None,
            asks: None,
            list: None,
            rows: 6,
            choices: Vec::new(),
        }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Belongs to another field: wanted by what stands there, or asks what was meant by it, which can be
    /// mended instead.
    #[must_use]
    pub fn asking_back(self) -> Self {
        Self {
            asks_back: true,
            ..self
        }
    }

    #[must_use]
    pub fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// A password: what was typed is not sent back.
    #[must_use]
    pub fn password(self, autocomplete: &'static str) -> Self {
        Self {
            kind: "password",
            value: "",
            ..self.autocomplete(autocomplete)
        }
    }

    #[must_use]
    pub fn autocomplete(self, what: &'static str) -> Self {
        Self {
            autocomplete: Some(what),
            ..self
        }
    }

    #[must_use]
    pub fn inputmode(self, keys: &'static str) -> Self {
        Self {
            inputmode: Some(keys),
            ..self
        }
    }

    #[must_use]
    pub fn least(self, least: &'a str) -> Self {
        Self {
            least: Some(least),
            ..self
        }
    }

    #[must_use]
    pub fn most(self, characters: usize) -> Self {
        Self {
            most: Some(characters),
            ..self
        }
    }

    /// Where a script asks for suggestions while somebody types.
    #[must_use]
    pub fn asks(self, at: &'static str) -> Self {
        Self {
            asks: Some(at),
            ..self
        }
    }

    /// What is suggested: the id of a `datalist` on the same page.
    #[must_use]
    pub fn from_list(self, id: &'static str) -> Self {
        Self {
            list: Some(id),
            ..self
        }
    }

    #[must_use]
    pub fn rows(self, rows: u8) -> Self {
        Self { rows, ..self }
    }

    #[must_use]
    pub fn choices(self, choices: Vec<Choice>) -> Self {
        Self { choices, ..self }
    }

    /// Ids of what describes the field, for `aria-describedby`.
    pub fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.complaint.map(|_| format!("{}-error", self.name));
        let both: Vec<String> = hint.into_iter().chain(error).collect();
        both.join(" ")
    }

    pub fn is_chosen(&self, choice: &Choice) -> bool {
        self.value == choice.value
    }
}

#[cfg(test)]
mod tests {
    use crate::page::Form;

    #[test]
    fn a_field_is_described_by_its_hint_and_by_what_is_wrong() {
        let mut form = Form::of([("judul", "x")]);
        assert_eq!(form.field("judul", "Judul").described_by(), "");
        form.complain("judul", "terlalu pendek");
        let field = form.field("judul", "Judul").hint("Satu kalimat");
        assert_eq!(field.described_by(), "judul-hint judul-error");
    }

    #[test]
    fn a_password_is_never_sent_back() {
        let form = Form::of([("sandi", "rahasia")]);
        let field = form
            .field("sandi", "Kata sandi")
            .password("current-password");
        assert_eq!((field.value, field.kind), ("", "password"));
    }
}
