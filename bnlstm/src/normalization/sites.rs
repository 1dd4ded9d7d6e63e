//! Which normalization stands at which site of a recurrent cell.

use std::fmt;
use std::str::FromStr;

use super::Normalization;
use super::error::{Fault, ParseError, Problem};
use super::syntax::{Call, Parser, SiteList, Word};

/// A place in a recurrent cell where values are normalized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Site {
    /// The recurrent term h_{t−1} W_h.
    H,
    /// The input term x_t W_x.
    X,
    /// The cell c_t inside the output's tanh.
    C,
}

impl Site {
    /// All sites, in the order in which they are printed.
    pub const ALL: [Self; 3] = [Self::H, Self::X, Self::C];

    /// Its name in the text.
    pub fn name(self) -> &'static str {
        match self {
            Self::H => "h",
            Self::X => "x",
            Self::C => "c",
        }
    }
}

/// The normalizations of a recurrent cell; by default there are none.
///
/// One normalization alone applies to all sites; in a list, a site that is missing has none.
/// Printing gives the short form if all sites are equal.
///
/// ```
/// use bnlstm::normalization::Sites;
///
/// let sites: Sites = "x=layer(gamma=0.5)".parse()?;
/// assert_eq!(sites.to_string(), "h=none,x=layer(gamma=0.5,eps=1e-5),c=none");
/// # Ok::<(), bnlstm::normalization::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sites {
    /// At the recurrent term h_{t−1} W_h, shape [B, 4H] in an LSTM.
    pub h: Normalization,
    /// At the input term x_t W_x, shape [B, 4H] in an LSTM.
    pub x: Normalization,
    /// At the cell c_t inside the output's tanh, shape [B, H].
    pub c: Normalization,
}

impl Sites {
    /// The same normalization at all sites.
    pub fn all(normalization: Normalization) -> Self {
        Self {
            h: normalization,
            x: normalization,
            c: normalization,
        }
    }

    /// The normalization at one site.
    pub fn at(&self, site: Site) -> &Normalization {
        match site {
            Site::H => &self.h,
            Site::X => &self.x,
            Site::C => &self.c,
        }
    }

    fn at_mut(&mut self, site: Site) -> &mut Normalization {
        match site {
            Site::H => &mut self.h,
            Site::X => &mut self.x,
            Site::C => &mut self.c,
        }
    }

    fn from_named(named: &[(Word<'_>, Call<'_>)]) -> Result<Self, Fault> {
        let mut sites = Self::default();
        for (index, (word, call)) in named.iter().enumerate() {
            let site = find_site(word)?;
            if named[..index]
                .iter()
                .any(|(earlier, _)| earlier.text == word.text)
            {
                let problem = Problem::Duplicate {
                    kind: "site",
                    name: word.text.to_owned(),
                };
                return Err(Fault::at(word.start, problem));
            }
            *sites.at_mut(site) = Normalization::from_call(call)?;
        }
        Ok(sites)
    }
}

fn find_site(word: &Word<'_>) -> Result<Site, Fault> {
    let found = Site::ALL.into_iter().find(|site| site.name() == word.text);
    found.ok_or_else(|| {
        let names = Site::ALL.map(Site::name);
        Fault::unknown("site", "known sites", word, &names)
    })
}

impl FromStr for Sites {
    type Err = ParseError;

    /// Reads one normalization for all sites, or a list of sites.
    ///
    /// # Errors
    /// [`ParseError`] with the position in the text and what would be accepted there.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let list = Parser::new(text).sites();
        list.and_then(|list| match list {
            SiteList::All(call) => Normalization::from_call(&call).map(Self::all),
            SiteList::Named(named) => Self::from_named(&named),
        })
        .map_err(|fault| fault.in_text(text))
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all(self.h) {
            return self.h.fmt(f);
        }
        write!(f, "h={},x={},c={}", self.h, self.x, self.c)
    }
}
