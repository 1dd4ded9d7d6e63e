//! Forms of the layer-normalized LSTM that differ from each other in where they normalize.

/// A name that stands for normalizations at several sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name in the text.
    pub name: &'static str,
    /// What it stands for.
    pub text: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Where it is from.
    pub reference: &'static str,
}

/// All presets. They are forms of the LSTM, γ starts at 1 in all of them, and ε is the one of the
/// program; 1e-5 in the papers' forms, which name none.
///
/// Only places, groups and ε are told apart. A β at both products and no bias (PyTorch), or a bias and
/// no β (here), compute the same.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "layer-paper",
        text: "h=layer,x=layer,c=layer",
        summary: "each product over all gates, and the cell inside the output's tanh",
        reference: "Ba, Kiros & Hinton 2016, arXiv 1607.06450, supplement",
    },
    Preset {
        name: "layer-gate",
        text: "h=layer(groups=gate),x=layer(groups=gate),c=layer",
        summary: "nine normalizations: each product gate by gate, and the cell inside the output's tanh",
        reference: "Hou et al. 2019, Normalization Helps Training of Quantized LSTM",
    },
    Preset {
        name: "layer-tensorflow",
        text: "sum=layer(eps=1e-12,groups=gate),carry=layer(eps=1e-12)",
        summary: "the sum of both products gate by gate, and the carried cell, with eps 1e-12: it diverges where rows have no variance",
        reference: "TensorFlow 1, contrib.rnn.LayerNormBasicLSTMCell",
    },
    Preset {
        name: "layer-addons",
        text: "h=layer(eps=1e-3),x=layer(eps=1e-3),carry=layer(eps=1e-3)",
        summary: "each product over all gates, and the carried cell, with eps 1e-3",
        reference: "TensorFlow Addons, rnn.LayerNormLSTMCell",
    },
    Preset {
        name: "layer-pytorch",
        text: "h=layer,x=layer,carry=layer",
        summary: "each product over all gates, and the carried cell",
        reference: "PyTorch, benchmarks/fastrnns/custom_lstms.py, LayerNormLSTMCell",
    },
    Preset {
        name: "layer-haste",
        text: "h=layer,x=layer,c=layer",
        summary: "the paper's form",
        reference: "Haste, LayerNormLSTM",
    },
    Preset {
        name: "layer-burn",
        text: "x=layer,carry=layer,out=layer",
        summary: "the input term over all gates, the carried cell and the hidden state",
        reference: "Burn, examples/modern-lstm",
    },
];

/// The preset of a name.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
