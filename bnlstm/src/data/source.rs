//! The datasets that users bring along: names of folders and files, and where they come from.

/// A dataset that is not part of this program.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called.
    pub name: &'static str,
    /// Folders it is looked for in, in this order; `""` is the data directory itself.
    pub folders: &'static [&'static str],
    /// The forms in which it exists; the first one that is complete is read.
    pub forms: &'static [Form],
    /// Archives that it is distributed in. They are not read, but an error mentions them.
    pub archives: &'static [&'static str],
    /// The tasks that read it.
    pub used_by: &'static str,
    /// Where the original was published. Not all of these addresses still answer.
    pub url: &'static str,
}

/// One form of a dataset: what has to be there together, in one folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// What the form is called, to tell it from others of the same dataset.
    pub name: &'static str,
    /// Whether it consists of files or of folders.
    pub kind: Kind,
    /// Each file or folder with all spellings of its name; the first is the usual one.
    pub parts: &'static [&'static [&'static str]],
}

/// What the parts of a [`Form`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Files, raw or packed with gzip and the ending `.gz`.
    Files,
    /// Folders full of files.
    Folders,
}

impl Form {
    /// The usual names of all parts.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().map(|spellings| spellings[0])
    }
}

/// Images and labels under MNIST's names: training images, training labels, test images, test labels.
const IDX_FILES: Form = Form {
    name: "IDX files",
    kind: Kind::Files,
    parts: &[
        &["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
        &["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
        &["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
        &["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
    ],
};

/// Handwritten digits, 28×28: LeCun, Cortes.
pub const MNIST: Source = Source {
    name: "MNIST",
    folders: &["mnist", "MNIST/raw", "MNIST", "mnist/raw", "", "raw"],
    forms: &[IDX_FILES],
    archives: &["mnist.npz", "mnist.zip"],
    used_by: "smnist, pmnist",
    url: "http://yann.lecun.com/exdb/mnist/ (mirrors: https://ossci-datasets.s3.amazonaws.com/mnist/, \
          https://storage.googleapis.com/cvdf-datasets/mnist/)",
};

/// Pieces of clothing, 28×28: Zalando. The files are named as MNIST's.
pub const FASHION_MNIST: Source = Source {
    name: "Fashion-MNIST",
    folders: &[
        "fashion-mnist",
        "FashionMNIST/raw",
        "FashionMNIST",
        "fashion_mnist",
        "fashion",
        "",
        "raw",
    ],
    forms: &[IDX_FILES],
    archives: &["fashion-mnist.zip"],
    used_by: "smnist, pmnist",
    url: "https://github.com/zalandoresearch/fashion-mnist (Debian: package dataset-fashion-mnist, \
          folder /usr/share/datasets/fashion-mnist)",
};

pub(super) const PTB_WORDS: Form = Form {
    name: "word files",
    kind: Kind::Files,
    parts: &[&["ptb.train.txt"], &["ptb.valid.txt"], &["ptb.test.txt"]],
};

const PTB_CHARACTERS: Form = Form {
    name: "character files",
    kind: Kind::Files,
    parts: &[
        &["ptb.char.train.txt"],
        &["ptb.char.valid.txt"],
        &["ptb.char.test.txt"],
    ],
};

/// The Penn Treebank in Mikolov's version and split.
pub const PENN_TREEBANK: Source = Source {
    name: "Penn Treebank",
    folders: &[
        "",
        "ptb",
        "PTB",
        "penn",
        "penn-treebank",
        "simple-examples/data",
        "ptb/simple-examples/data",
        "data",
    ],
    forms: &[PTB_WORDS, PTB_CHARACTERS],
    archives: &["simple-examples.tgz", "simple-examples.tar.gz"],
    used_by: "charlm",
    url: "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz (in simple-examples/data)",
};

/// The first 100 million characters of a cleaned Wikipedia: Mahoney.
pub const TEXT8: Source = Source {
    name: "text8",
    folders: &["", "text8", "text"],
    forms: &[Form {
        name: "text",
        kind: Kind::Files,
        parts: &[&["text8", "text8.txt"]],
    }],
    archives: &["text8.zip"],
    used_by: "charlm",
    url: "http://mattmahoney.net/dc/text8.zip",
};

/// Questions about news of CNN: Hermann et al. 2015.
pub const CNN: Source = Source {
    name: "CNN questions",
    folders: &["", "cnn", "CNN"],
    forms: &[Form {
        name: "folders of .question files",
        kind: Kind::Folders,
        parts: &[
            &["questions/training"],
            &["questions/validation"],
            &["questions/test"],
        ],
    }],
    archives: &["cnn.tgz", "cnn.tar.gz"],
    used_by: "qa",
    url: "http://cs.nyu.edu/~kcho/DMQA/ (cnn.tgz), or made by https://github.com/google-deepmind/rc-data",
};

/// All of them.
pub const ALL: [&Source; 5] = [&MNIST, &FASHION_MNIST, &PENN_TREEBANK, &TEXT8, &CNN];
