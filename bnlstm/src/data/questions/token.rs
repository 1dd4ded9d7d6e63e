//! Tokens and what they stand for.

/// The gap of a question.
pub(super) const PLACEHOLDER_TOKEN: &str = "@placeholder";
const ENTITY: &str = "@entity";

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Placeholder,
    Entity,
    Number,
    Word,
}

/// The tokens of a text, which spaces part.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

pub(super) fn kind(token: &str) -> Kind {
    match token.strip_prefix(ENTITY) {
        _ if token == PLACEHOLDER_TOKEN => Kind::Placeholder,
        Some(number) if all_digits(number) => Kind::Entity,
        None if all_digits(token) => Kind::Number,
        _ => Kind::Word,
    }
}

pub(super) fn entity(number: usize) -> String {
    format!("{ENTITY}{number}")
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        assert_eq!(kind("@placeholder"), Kind::Placeholder);
        assert_eq!(kind(&entity(17)), Kind::Entity);
        assert_eq!(kind("1989"), Kind::Number);
        for word in ["@entity", "@entity1's", "entity1", "1,000", "4th", "", "@"] {
            assert_eq!(kind(word), Kind::Word, "{word}");
        }
    }
}
