//! The symbols of a cell's equations and what they stand for.

use serde::Serialize;

use crate::cell::Site;
use crate::config::ModelConfig;
use crate::normalization::{Form, Formula};
use crate::regularization::Symbol;

/// What a symbol in the equations means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    /// The symbol.
    pub symbol: String,
    /// The sites that it stands at, if it is a normalization.
    pub sites: Vec<&'static str>,
    /// Its definition.
    pub formula: String,
    /// What else has to be known.
    pub notes: Vec<String>,
    /// The text that names it, in full.
    pub text: String,
    /// Where it is from.
    pub reference: &'static str,
}

/// A normalization at a site.
#[derive(Debug)]
struct AtSite {
    site: Site,
    label: &'static str,
    text: String,
    reference: &'static str,
    formula: Formula,
}

impl AtSite {
    /// Whether one definition serves both: a β that only one of them has makes no difference.
    fn means_the_same(&self, other: &Self) -> bool {
        let beta = false;
        let [a, b] = [self, other].map(|at| Formula {
            beta,
            ..at.formula.clone()
        });
        (&self.text, a) == (&other.text, b)
    }
}

/// Writes the normalizations and regularizers of a model.
#[derive(Debug)]
pub struct Notation {
    sites: Vec<AtSite>,
    symbols: Vec<Symbol>,
}

impl Notation {
    /// The notation of a model for sequences of `steps` steps.
    pub fn new(model: &ModelConfig, steps: usize) -> Self {
        let sites = model.normalization;
        let at_sites = sites.iter().filter_map(|(site, normalization)| {
            let place = sites.place(site, model.hidden_size, steps, model.forget_bias);
            let variant = normalization.variant();
            Some(AtSite {
                site,
                label: variant.label,
                text: normalization.to_string(),
                reference: variant.reference,
                formula: normalization.formula(place)?,
            })
        });
        Self {
            sites: at_sites.collect(),
            symbols: model.regularization.symbols(),
        }
    }

    /// The values of a site as its normalization leaves them.
    pub fn values(&self, site: Site, text: &str) -> String {
        match self.at(site) {
            Some(at) => format!("{}({text}{})", self.symbol(at), arguments(at)),
            None => text.to_owned(),
        }
    }

    /// The product of a vector with the site's weight, as normalization and regularizers leave it.
    pub fn product(&self, site: Site, vector: &str, weight: &str) -> String {
        let (v, drop) = match site {
            Site::H => (self.applied("d_h", vector), "D"),
            _ => (self.applied("d_x", vector), ""),
        };
        let Some(at) = self.at(site) else {
            return format!("{v} {}", self.applied(drop, weight));
        };
        let (symbol, arguments) = (self.symbol(at), arguments(at));
        match at.formula.form {
            Form::Values => format!("{symbol}({v} {}{arguments})", self.applied(drop, weight)),
            Form::Weight => format!(
                "{v} {}",
                self.applied(drop, &format!("{symbol}({weight}{arguments})"))
            ),
            Form::Factors => {
                let weight = self.applied(drop, &format!("{symbol}({weight})"));
                format!("γ_{site} ⊙ ({symbol}({v}) {weight})")
            }
        }
    }

    /// A function of a regularizer around a text, if the model has it.
    pub fn applied(&self, name: &str, text: &str) -> String {
        match self.has(name) {
            true => format!("{name}({text})"),
            false => text.to_owned(),
        }
    }

    /// Whether the model has a regularizer's function.
    pub fn has(&self, name: &str) -> bool {
        self.symbols.iter().any(|symbol| symbol.name == name)
    }

    /// What all symbols mean, in the order of the sites; then those of the regularizers.
    pub fn definitions(&self) -> Vec<Definition> {
        let firsts = self.sites.iter().enumerate().filter(|&(i, at)| {
            let mut earlier = self.sites[..i].iter();
            !earlier.any(|earlier| earlier.means_the_same(at))
        });
        let sites = firsts.map(|(_, at)| self.definition(at));
        let symbols = self.symbols.iter().map(|symbol| Definition {
            symbol: symbol.name.to_owned(),
            sites: Vec::new(),
            formula: symbol.formula.clone(),
            notes: vec![symbol.note.clone()],
            text: symbol.text.clone(),
            reference: symbol.reference,
        });
        sites.chain(symbols).collect()
    }

    fn at(&self, site: Site) -> Option<&AtSite> {
        self.sites.iter().find(|at| at.site == site)
    }

    /// The label; with a number where the same label has another meaning elsewhere.
    fn symbol(&self, at: &AtSite) -> String {
        let mut meanings: Vec<&AtSite> = Vec::new();
        for other in self.sites.iter().filter(|other| other.label == at.label) {
            if !meanings.iter().any(|known| known.means_the_same(other)) {
                meanings.push(other);
            }
        }
        let number = meanings.iter().position(|known| known.means_the_same(at));
        match (meanings.len(), number) {
            (0 | 1, _) | (_, None) => at.label.to_owned(),
            (_, Some(number)) => format!("{}{}", at.label, SUBSCRIPTS[number]),
        }
    }

    /// The definition that serves a site and all others of the same meaning.
    fn definition(&self, at: &AtSite) -> Definition {
        let alike: Vec<&AtSite> = self
            .sites
            .iter()
            .filter(|other| other.means_the_same(at))
            .collect();
        let beta = alike.iter().any(|other| other.formula.beta);
        let formula = Formula {
            beta,
            ..at.formula.clone()
        };
        let symbol = self.symbol(at);
        let letters = match formula.form {
            Form::Factors => Vec::new(),
            Form::Values | Form::Weight => formula.letters(),
        };
        let separator = if letters.is_empty() { "" } else { "; " };
        let (argument, column) = match formula.form {
            Form::Weight => ("W", "_j"),
            Form::Values | Form::Factors => ("v", ""),
        };
        let plus = if beta { "β + " } else { "" };
        let mut notes = formula.notes;
        if beta && !alike.iter().all(|other| other.formula.beta) {
            notes.push("β is 0 where it is not given".to_owned());
        }
        Definition {
            formula: format!(
                "{symbol}({argument}{separator}{}){column} = {plus}{}",
                letters.join(", "),
                formula.body
            ),
            symbol,
            sites: alike.iter().map(|at| at.site.name()).collect(),
            notes,
            text: at.text.clone(),
            reference: at.reference,
        }
    }
}

/// One for each site.
const SUBSCRIPTS: [&str; Site::ALL.len()] = ["₁", "₂", "₃", "₄", "₅", "₆"];

/// What a normalization has learned at its site, as further arguments.
fn arguments(at: &AtSite) -> String {
    let letters = at.formula.letters();
    let named: Vec<String> = letters
        .iter()
        .map(|letter| format!("{letter}_{}", at.site))
        .collect();
    match named.is_empty() {
        true => String::new(),
        false => format!("; {}", named.join(", ")),
    }
}
