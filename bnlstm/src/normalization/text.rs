//! What somebody writes, before it is known for which cell.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::presets::{self, PRESETS, Preset};
use super::{Normalization, ParseError, Sites, VARIANTS};
use crate::cell::{Cell, Site};
use crate::text::{Call, Fault, Parser, Problem, SiteList, Word};

/// The text of a normalization, read and checked but for what depends on the cell.
///
/// ```
/// use bnlstm::cell::Cell;
/// use bnlstm::normalization::Text;
///
/// let text: Text = "dyt".parse()?;
/// assert_eq!(
///     text.resolve(Cell::Gru)?.to_string(),
///     "h=dyt(gamma=1,alpha=0.5),x=dyt(gamma=1,alpha=0.5)"
/// );
/// # Ok::<(), bnlstm::normalization::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    source: String,
    content: Content,
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    /// A normalization for its default sites.
    Everywhere(Normalization),
    /// A preset, and where its name begins.
    Preset(&'static Preset, usize),
    /// A normalization for each named site, and where the site's name begins.
    Named(Vec<(Site, usize, Normalization)>),
}

impl Text {
    /// The normalizations at the sites of a cell.
    ///
    /// # Errors
    /// [`ParseError`] at the name of a site that the cell does not have.
    pub fn resolve(&self, cell: Cell) -> Result<Sites, ParseError> {
        let sites = match &self.content {
            Content::Everywhere(normalization) => Ok(Sites::everywhere(cell, *normalization)),
            Content::Named(named) => from_named(cell, named),
            Content::Preset(preset, start) => from_preset(cell, preset, *start),
        };
        sites.map_err(|fault| fault.in_text(&self.source))
    }
}

fn from_named(cell: Cell, named: &[(Site, usize, Normalization)]) -> Result<Sites, Fault> {
    let mut sites = Sites::none(cell);
    for &(site, start, normalization) in named {
        if !cell.has(site) {
            return Err(Fault::at(start, Problem::NoSuchSite { cell, site }));
        }
        let variant = normalization.variant();
        if let Some(reason) = variant.exception(cell, site) {
            let problem = Problem::NotInCell {
                variant: variant.name,
                cell,
                site,
                reason,
            };
            return Err(Fault::at(start, problem));
        }
        sites.put(site, normalization);
    }
    Ok(sites)
}

fn from_preset(cell: Cell, preset: &'static Preset, start: usize) -> Result<Sites, Fault> {
    let text: Text = preset.text.parse().expect("the text of a preset is right");
    let Content::Named(named) = text.content else {
        unreachable!("a preset names its sites");
    };
    if let Some(&(site, ..)) = named.iter().find(|(site, ..)| !cell.has(*site)) {
        let preset = preset.name;
        return Err(Fault::at(start, Problem::PresetMisfit { preset, cell, site }));
    }
    from_named(cell, &named)
}

/// Reads a call that stands alone.
fn alone(call: &Call<'_>) -> Result<Content, Fault> {
    let name = &call.name;
    if let Some(preset) = presets::find(name.text) {
        return match call.options.first() {
            None => Ok(Content::Preset(preset, name.start)),
            Some(setting) => {
                let problem = Problem::NoOptions { name: preset.name };
                Err(Fault::at(setting.name.start, problem))
            }
        };
    }
    let variants = VARIANTS.iter().map(|variant| variant.name);
    let known: Vec<_> = variants.chain(PRESETS.iter().map(|preset| preset.name)).collect();
    if !known.contains(&name.text) {
        return Err(Fault::unknown(
            "normalization",
            "known normalizations",
            name,
            &known,
        ));
    }
    Normalization::from_call(call).map(Content::Everywhere)
}

/// Reads a list of sites.
fn named(list: &[(Word<'_>, Call<'_>)]) -> Result<Content, Fault> {
    let mut named: Vec<(Site, usize, Normalization)> = Vec::new();
    for (word, call) in list {
        let site = find_site(word)?;
        if named.iter().any(|(earlier, ..)| *earlier == site) {
            let problem = Problem::Duplicate {
                kind: "site",
                name: word.text.to_owned(),
            };
            return Err(Fault::at(word.start, problem));
        }
        if let Some(preset) = presets::find(call.name.text) {
            let problem = Problem::PresetAtSite {
                preset: preset.name,
                text: preset.text,
            };
            return Err(Fault::at(call.name.start, problem));
        }
        let normalization = Normalization::from_call(call)?;
        normalization.check_site(site, call)?;
        named.push((site, word.start, normalization));
    }
    Ok(Content::Named(named))
}

fn find_site(word: &Word<'_>) -> Result<Site, Fault> {
    let found = Site::ALL.into_iter().find(|site| site.name() == word.text);
    found.ok_or_else(|| {
        let names = Site::ALL.map(Site::name);
        Fault::unknown("site", "known sites", word, &names)
    })
}

impl FromStr for Text {
    type Err = ParseError;

    /// Reads a preset, one normalization for its default sites, or a list of sites.
    ///
    /// # Errors
    /// [`ParseError`] with the position in the text and what would be accepted there.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let list = Parser::new(text).sites();
        let content = list.and_then(|list| match list {
            SiteList::All(call) => alone(&call),
            SiteList::Named(list) => named(&list),
        });
        Ok(Self {
            source: text.to_owned(),
            content: content.map_err(|fault| fault.in_text(text))?,
        })
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl From<Sites> for Text {
    fn from(sites: Sites) -> Self {
        let text = sites.to_string();
        text.parse().expect("sites print as a text that names them")
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
