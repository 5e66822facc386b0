//! The little Markdown of doc comments: paragraphs, `code` and *emphasis*.

/// A run of text in one style, perhaps a link within the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Code,
    Emphasis,
    /// The name of a shape, linked to it.
    Shape,
}

pub type Paragraph = Vec<Piece>;

impl Piece {
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style: Style::Plain,
        }
    }

    pub fn shape(name: &str) -> Self {
        Self {
            text: name.into(),
            style: Style::Shape,
        }
    }

    pub fn is_code(&self) -> bool {
        self.style == Style::Code
    }

    pub fn is_emphasis(&self) -> bool {
        self.style == Style::Emphasis
    }

    pub fn is_shape(&self) -> bool {
        self.style == Style::Shape
    }
}

/// Paragraphs are parted by empty lines; a line break within one is a space.
pub fn paragraphs(markdown: &str) -> Vec<Paragraph> {
    markdown
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| pieces(&paragraph.replace('\n', " ")))
        .collect()
}

/// One paragraph; text between backticks is code, between asterisks emphasis.
pub fn pieces(line: &str) -> Paragraph {
    let mut pieces = Vec::new();
    for (at, part) in line.split('`').enumerate() {
        if at % 2 == 1 {
            pieces.push(Piece {
                text: part.into(),
                style: Style::Code,
            });
            continue;
        }
        for (at, text) in part
            .split('*')
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let style = if at % 2 == 1 {
                Style::Emphasis
            } else {
                Style::Plain
            };
            pieces.push(Piece {
                text: text.into(),
                style,
            });
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_emphasis_alternate_with_plain_text() {
        let styles: Vec<_> = pieces("*Rahasia*: a `flag` of a report")
            .into_iter()
            .map(|piece| (piece.text, piece.style))
            .collect();
        let expected = [
            ("Rahasia", Style::Emphasis),
            (": a ", Style::Plain),
            ("flag", Style::Code),
            (" of a report", Style::Plain),
        ];
        assert_eq!(
            styles,
            expected.map(|(text, style)| (text.to_owned(), style))
        );
    }
}
