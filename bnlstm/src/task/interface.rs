//! What a model of a task reads and answers.

/// What a model reads and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What it reads at each step.
    pub input: Input,
    /// `T`, steps of the longest sequence of training.
    pub steps: usize,
    /// What it answers.
    pub head: Head,
}

/// What a model reads at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many numbers, `D`.
    Numbers(usize),
    /// One of so many symbols, `V`.
    Symbols(usize),
}

impl Input {
    /// Elements of an input, a symbol being one-hot.
    pub fn size(self) -> usize {
        match self {
            Input::Numbers(size) | Input::Symbols(size) => size,
        }
    }
}

/// What a model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// One of so many classes, after the last step.
    Class(usize),
    /// A symbol after each step but the first `from` ones.
    Symbols {
        /// `V`, number of symbols to choose from.
        count: usize,
        /// The first step that is answered, from 0.
        from: usize,
    },
    /// A number, after the last step.
    Number,
    /// One of so many entities of a story, which a question asks for.
    Entity {
        /// `E`, number of entities.
        count: usize,
        /// Steps of the longest question of training.
        question_steps: usize,
    },
}

impl Head {
    /// Elements of an answer: logits of classes, or a number.
    pub fn size(self) -> usize {
        match self {
            Head::Class(count) | Head::Symbols { count, .. } | Head::Entity { count, .. } => count,
            Head::Number => 1,
        }
    }
}
