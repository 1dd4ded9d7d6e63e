//! How a normalization is written in the equations of a cell.

/// What a normalization computes at a site, in the letters of the papers.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// What stands in it for what.
    pub form: Form,
    /// The letters of what it learns, without β.
    pub parameters: &'static [&'static str],
    /// Whether it learns a β, which is added to [`body`](Self::body).
    pub beta: bool,
    /// What it computes of `v`, or of `W`, with the values of its options.
    pub body: String,
    /// What the letters mean, how training and evaluation differ, and where the parameters start.
    pub notes: Vec<String>,
}

/// Which values a normalization changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Those of the site: `N(v; γ, β)`, at a product `N(v W; γ)`.
    Values,
    /// The weight of a product: `v N(W; γ)`.
    Weight,
    /// Both factors of a product, which is scaled then: `γ ⊙ (N(v) N(W))`.
    Factors,
}

impl Formula {
    /// A formula of the site's values with the scale γ, and with β where it is one's own.
    pub(super) fn of_values(beta: bool, body: String) -> Self {
        Self {
            form: Form::Values,
            parameters: &["γ"],
            beta,
            body,
            notes: Vec::new(),
        }
    }

    /// A formula of the weight, whose columns get the length γ.
    pub(super) fn of_weight(body: String) -> Self {
        Self {
            form: Form::Weight,
            ..Self::of_values(false, body)
        }
    }

    /// The same with one more note.
    #[must_use]
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The letters of all that it learns; γ and what belongs to it first.
    pub(crate) fn letters(&self) -> Vec<&'static str> {
        let beta = self.beta.then_some("β");
        self.parameters.iter().copied().chain(beta).collect()
    }
}
