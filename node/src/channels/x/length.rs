//! How much of a post a text takes: X counts signs of many scripts twice, and every address as one
//! of its own short ones
//! (https://docs.x.com/fundamentals/counting-characters, version 3 of its weights).

/// What an address counts, however long it is.
const ADDRESS: usize = 23;
/// Signs that count once.
const LIGHT: [(u32, u32); 4] = [(0, 4351), (8192, 8205), (8208, 8223), (8242, 8247)];

pub fn weighted(text: &str) -> usize {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        let plain = || bare.chars().map(weight).sum::<usize>();
        // What only looks like an address may be made one.
        let counted = if is_address(bare) {
            plain().max(ADDRESS)
        } else {
            plain()
        };
        counted + word[bare.len()..].chars().map(weight).sum::<usize>()
    });
    words.sum()
}

fn is_address(word: &str) -> bool {
    let named = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let mut parts = named.split('.');
    let host = parts.next().is_some_and(|part| !part.is_empty());
    word.contains("://") || (host && parts.next().is_some_and(|part| !part.is_empty()))
}

fn weight(c: char) -> usize {
    let code = u32::from(c);
    let light = LIGHT.iter().any(|(from, to)| (*from..=*to).contains(&code));
    if light { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::weighted;

    #[test]
    fn a_text_is_counted_as_x_counts_it() {
        for (text, count) in [
            ("", 0),
            ("Jalan rusak", 11),
            ("\u{201c}ya\u{201d} \u{2013} tidak", 12),
            ("\u{1f600}!", 3),
            ("\u{4e2d}\u{6587}", 4),
            ("buka http://a.id ya", 4 + 1 + 23 + 1 + 2),
            ("buka lapor.go.id", 4 + 1 + 23),
            ("Dago. Lalu", 10),
        ] {
            assert_eq!(weighted(text), count, "{text}");
        }
    }
}
