//! What is drawn: curves and reference lines.

/// The values of one setting, for each seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What the legend calls it; without a label it has no place there.
    pub label: String,
    /// Each seed with its points (x, y), in the order of x.
    pub seeds: Vec<(u64, Vec<(f64, f64)>)>,
    /// A band in place of ± 1 standard deviation over the seeds.
    pub band: Option<Band>,
    /// How the line is broken.
    pub line: Line,
    /// The colour; if missing, the next one of the palette, the same for equal labels.
    pub color: Option<Color>,
    /// Thin and without a place in the legend, as one of many.
    pub thin: bool,
}

/// A band of a curve that is not computed from its seeds, such as an interquartile range.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// What the band is; the legend has it once.
    pub label: String,
    /// The points (x, lower, upper), in the order of x.
    pub points: Vec<(f64, f64, f64)>,
}

/// How a line is broken: it tells families of curves apart without colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Line {
    /// Not broken.
    #[default]
    Solid,
    /// Long pieces.
    Dashed,
    /// Short pieces.
    Dotted,
}

/// A colour that readers with any colour vision tell from the others of its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Color {
    /// One of eight colours for settings without an order; they repeat after the eighth.
    Palette(usize),
    /// A colour on a scale from dark (0) to light (1), for the value of a parameter.
    ///
    /// Values beyond the ends have the colour of the end.
    Ordered(f64),
}

/// A horizontal line, such as a published result.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// What the legend calls it.
    pub label: String,
    /// Its height on the vertical axis.
    pub y: f64,
    /// The colour; if missing, grey.
    pub color: Option<Color>,
}

impl Curve {
    /// A curve without points.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            seeds: Vec::new(),
            band: None,
            line: Line::Solid,
            color: None,
            thin: false,
        }
    }

    /// Adds the points (x, y) of one seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64, points: Vec<(f64, f64)>) -> Self {
        self.seeds.push((seed, points));
        self
    }

    /// Sets the band from its points (x, lower, upper), and says what it is.
    #[must_use]
    pub fn with_band(mut self, label: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        let label = label.into();
        self.band = Some(Band { label, points });
        self
    }

    /// Sets how the line is broken.
    #[must_use]
    pub fn with_line(mut self, line: Line) -> Self {
        self.line = line;
        self
    }

    /// Sets the colour.
    #[must_use]
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Makes the line thin and takes it out of the legend; the CSV keeps its label.
    #[must_use]
    pub fn thin(mut self) -> Self {
        self.thin = true;
        self
    }
}

impl Reference {
    /// A grey line at a height.
    pub fn new(label: impl Into<String>, y: f64) -> Self {
        Self {
            label: label.into(),
            y,
            color: None,
        }
    }

    /// Sets the colour, for a line that belongs to a curve.
    #[must_use]
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }
}
