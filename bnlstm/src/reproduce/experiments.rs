//! The runs that tables and figures are made of: a model on a task, with a seed.

use super::Planned;
use super::ReproduceError;
use super::setting::{Files, Scale, Setting, configure};
use crate::cell::Site;
use crate::config::{ModelConfig, RunConfig};
use crate::normalization::{BatchOptions, Normalization, Sites};

/// Images pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Row by row.
    Scan,
    /// In one random order.
    Permuted,
}

/// A text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The Penn Treebank or, in the quick form, what stands in for it.
    PennTreebank,
    /// text8 or, in the quick form, what stands in for it.
    Text8,
}

/// A recurrent network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Network {
    /// An LSTM.
    Lstm,
    /// An LSTM with zoneout, a regularizer as batch normalization is one.
    Zoneout,
    /// A batch-normalized LSTM whose γ starts at this value.
    BatchNormalized(f64),
}

impl Network {
    /// Batch normalization as the paper proposes it.
    pub const BN: Self = Self::BatchNormalized(0.1);

    /// What tables and legends call it.
    pub fn label(self) -> String {
        match self {
            Network::Lstm => "LSTM".to_owned(),
            Network::Zoneout => "LSTM, zoneout".to_owned(),
            Network::BatchNormalized(_) => "BN-LSTM".to_owned(),
        }
    }

    fn name(self) -> String {
        match self {
            Network::Lstm => "lstm".to_owned(),
            Network::Zoneout => "zoneout".to_owned(),
            Network::BatchNormalized(gamma) => format!("bn-{gamma}"),
        }
    }

    /// Makes it of the preset of a batch-normalized LSTM; `baseline` is the preset that says how an LSTM
    /// is regularized.
    fn apply(self, config: &mut RunConfig, baseline: &str) -> Result<(), ReproduceError> {
        let model = &mut config.model;
        if let Network::BatchNormalized(gamma) = self {
            model.normalization = model.normalization.map(|_, normalization| match normalization {
                Normalization::Batch(options) => BatchOptions { gamma, ..options }.into(),
                other => other,
            });
            return Ok(());
        }
        model.normalization = Sites::none(model.normalization.cell());
        // The noise is there for batch normalization.
        model.initial_noise = 0.0;
        if self == Network::Zoneout {
            model.regularization = configure(baseline, None, 1, &[])?.model.regularization;
        }
        Ok(())
    }
}

/// A model on images.
pub fn images(
    setting: &Setting,
    order: Order,
    network: Network,
    seed: u64,
) -> Result<Planned, ReproduceError> {
    let data = setting.files(Files::Mnist)?;
    let task = match (order, data) {
        (Order::Scan, Some(_)) => "smnist",
        (Order::Permuted, Some(_)) => "pmnist",
        (_, None) => "digits",
    };
    let mut changes = Vec::new();
    let mut name = task.to_owned();
    if data.is_none() && order == Order::Permuted {
        name = "permuted-digits".to_owned();
        let permuted = "{ permuted = { permutation_seed = 1 } }";
        changes.push(("task.order", permuted.to_owned()));
    }
    let mut config = configure(&setting.preset(task), data, seed, &changes)?;
    network.apply(&mut config, &format!("{task}-baseline"))?;
    Ok(Planned {
        name: format!("{name}-{}-{seed}", network.name()),
        config,
    })
}

/// A batch-normalized tanh RNN of 100 units on images in scan order, for gradients at initialization.
///
/// The sum of its terms is normalized, and noise on `h_0` keeps the first pixels, which are the same in
/// all images, from having no variance.
pub fn recurrent_network(setting: &Setting, init: &str, gamma: f64) -> Result<RunConfig, ReproduceError> {
    let data = setting.files(Files::Mnist)?;
    let preset = if data.is_some() {
        "smnist-quick"
    } else {
        "digits-quick"
    };
    let changes = [
        ("model.cell", "rnn".to_owned()),
        ("model.hidden_size", "100".to_owned()),
        ("model.normalization", format!("sum=batch(gamma={gamma})")),
        ("model.recurrent_init", init.to_owned()),
        ("model.initial_noise", "0.1".to_owned()),
        ("training.batch", "100".to_owned()),
    ];
    Ok(configure(preset, data, 1, &changes)?)
}

/// What the images are called in titles.
pub fn images_title(setting: &Setting) -> Result<&'static str, ReproduceError> {
    let data = setting.files(Files::Mnist)?;
    Ok(if data.is_some() { "MNIST" } else { "8×8 digits" })
}

/// A model of characters.
pub fn text(setting: &Setting, text: Text, network: Network, seed: u64) -> Result<Planned, ReproduceError> {
    let files = match text {
        Text::PennTreebank => Files::PennTreebank,
        Text::Text8 => Files::Text8,
    };
    let data = setting.files(files)?;
    let mut changes = Vec::new();
    let (task, name) = match (text, data) {
        (Text::PennTreebank, Some(_)) => ("ptb", "ptb"),
        (Text::Text8, Some(_)) => ("text8", "text8"),
        (Text::PennTreebank, None) => ("charlm", "king-james"),
        (Text::Text8, None) => {
            changes.push(("task.normalize", "true".to_owned()));
            ("charlm", "king-james-27")
        }
    };
    let mut config = configure(&setting.preset(task), data, seed, &changes)?;
    network.apply(&mut config, &format!("{task}-baseline"))?;
    Ok(Planned {
        name: format!("{name}-{}-{seed}", network.name()),
        config,
    })
}

/// What a text is called in titles.
pub fn text_title(setting: &Setting, text: Text) -> Result<&'static str, ReproduceError> {
    Ok(match text {
        Text::PennTreebank => match setting.files(Files::PennTreebank)? {
            Some(_) => "Penn Treebank",
            None => "King James text",
        },
        Text::Text8 => match setting.files(Files::Text8)? {
            Some(_) => "text8",
            None => "King James text in 27 symbols",
        },
    })
}

/// A form of the Attentive Reader (paper, section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// An LSTM that reads forward.
    Lstm,
    /// A batch-normalized LSTM in its place.
    Bn,
    /// The attention is normalized too.
    Everywhere,
    /// The input term has the statistics of whole sequences.
    Star,
    /// It reads in both directions.
    StarStar,
}

impl Reader {
    /// All of them, in the order of the paper's table.
    pub const ALL: [Self; 5] = [Self::Lstm, Self::Bn, Self::Everywhere, Self::Star, Self::StarStar];

    /// What tables and legends call it.
    pub fn label(self) -> &'static str {
        match self {
            Reader::Lstm => "LSTM",
            Reader::Bn => "BN-LSTM",
            Reader::Everywhere => "BN-everywhere",
            Reader::Star => "BN-e*",
            Reader::StarStar => "BN-e**",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Reader::Lstm => "lstm",
            Reader::Bn => "bn",
            Reader::Everywhere => "bn-everywhere",
            Reader::Star => "bn-e-star",
            Reader::StarStar => "bn-e-star-star",
        }
    }

    /// Makes it of the preset of BN-e**.
    fn apply(self, model: &mut ModelConfig) {
        let of_steps = *model.normalization.at(Site::H);
        let reader = model.reader.as_mut().expect("a model for questions has a reader");
        model.bidirectional = self == Reader::StarStar;
        if self == Reader::Lstm {
            model.normalization = Sites::none(model.normalization.cell());
        }
        if matches!(self, Reader::Bn | Reader::Everywhere) {
            // The input term has statistics for each step, as the recurrent term has.
            let change = |site, normalization| if site == Site::X { of_steps } else { normalization };
            model.normalization = model.normalization.map(change);
        }
        match self {
            Reader::Lstm | Reader::Bn => reader.attention = Normalization::None,
            Reader::Everywhere => reader.attention = per_step(reader.attention, of_steps),
            Reader::Star | Reader::StarStar => {}
        }
    }
}

/// A batch normalization whose statistics are those of each step, taken as `of_steps` takes them.
fn per_step(normalization: Normalization, of_steps: Normalization) -> Normalization {
    match (normalization, of_steps) {
        (Normalization::Batch(options), Normalization::Batch(of_steps)) => {
            let gamma = options.gamma;
            BatchOptions { gamma, ..of_steps }.into()
        }
        (other, _) => other,
    }
}

/// How much of a story is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// The sentences most like the question.
    Relevant,
    /// All of it.
    Whole,
}

/// A model that answers questions.
pub fn questions(
    setting: &Setting,
    story: Story,
    reader: Reader,
    seed: u64,
) -> Result<Planned, ReproduceError> {
    let data = setting.files(Files::Cnn)?;
    let mut changes = Vec::new();
    let task = match (setting.scale, story) {
        (Scale::Paper, Story::Whole) => "qa-full",
        (Scale::Paper, Story::Relevant) => "qa",
        (Scale::Quick, story) => {
            changes.extend(quick_story(data.is_some(), story));
            "qa"
        }
    };
    if setting.lenient {
        changes.push(("task.lenient", "true".to_owned()));
    }
    let part = match story {
        Story::Relevant => "",
        Story::Whole => "whole-",
    };
    let corpus = if data.is_some() { "cnn" } else { "generated" };
    let mut config = configure(&setting.preset(task), data, seed, &changes)?;
    reader.apply(&mut config.model);
    Ok(Planned {
        name: format!("{corpus}-{part}{}-{seed}", reader.name()),
        config,
    })
}

/// What the quick form of the questions has for a story.
fn quick_story(cnn: bool, story: Story) -> Vec<(&'static str, String)> {
    let mut changes = match story {
        // Generated stories have 4 to 6 sentences, those of the CNN corpus dozens.
        Story::Relevant => vec![("task.sentences", if cnn { "4" } else { "2" }.to_owned())],
        Story::Whole => Vec::new(),
    };
    if cnn {
        changes.push(("task.corpus", "cnn".to_owned()));
        changes.push(("task.limit", "5000".to_owned()));
    }
    changes
}

/// What the questions are called in titles.
pub fn questions_title(setting: &Setting) -> Result<&'static str, ReproduceError> {
    let data = setting.files(Files::Cnn)?;
    Ok(if data.is_some() {
        "CNN questions"
    } else {
        "generated questions"
    })
}
