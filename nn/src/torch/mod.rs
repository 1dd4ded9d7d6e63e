//! Weights of PyTorch's `nn.LSTM` and `nn.GRU`, in and out, as `safetensors` files.
//!
//! A [`TorchLayers`] says which parameters of a [`ParamStore`](crate::params::ParamStore) belong to
//! which layer and direction; [`import`](TorchLayers::import) and [`export`](TorchLayers::export)
//! convert names, gate orders and layouts. With `G` gates (4 in an LSTM, 3 in a GRU), below the
//! path of a direction and in layer `k` of PyTorch (the names of the direction that reads backwards
//! end with `_reverse`):
//!
//! | here | shape | gates | PyTorch | shape | gates |
//! |---|---|---|---|---|---|
//! | `w_x` | `[D, G·H]` | f, i, o, g; r, z, n | `weight_ih_l{k}` | `[G·H, D]` | i, f, g, o; r, z, n |
//! | `w_h` | `[H, G·H]` | the same | `weight_hh_l{k}` | `[G·H, H]` | the same |
//! | `bias` | `[G·H]` | the same | `bias_ih_l{k}`, `bias_hh_l{k}` | `[G·H]` | the same |
//! | `bias_n` (GRU) | `[H]` | n, inside the reset gate | last third of `bias_hh_l{k}` | | n |
//! | `h_0`, `c_0` (LSTM) | `[H]` | | none: zeros unless given | | |
//!
//! Where PyTorch has two biases that are only ever added, there is one here: the sum on import;
//! on export it is `bias_ih`, and `bias_hh` is 0. Initial states are learned here, so a file for
//! PyTorch can be written only while they are 0, and import sets them to 0.
//!
//! # Examples
//! From a model to a file and back:
//! ```
//! use autodiff::Device;
//! use nn::cell::{Lstm, LstmConfig, Sites};
//! use nn::params::{ParamStore, Scope};
//! use nn::torch::{TorchKind, TorchLayer, TorchLayers};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let device = Device::<f32>::reference();
//! let model = |seed| {
//!     let mut rng = ChaCha8Rng::seed_from_u64(seed);
//!     let mut store = ParamStore::new(&device);
//!     let mut scope = Scope::new(&mut store, &mut rng);
//!     Lstm::new(&mut scope.within("lstm"), &LstmConfig::new(2, 3), Sites::default());
//!     store
//! };
//! let layers = TorchLayers {
//!     kind: TorchKind::Lstm,
//!     layers: vec![TorchLayer { forward: "lstm".into(), reverse: None }],
//!     prefix: "rnn.".into(),
//! };
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("rnn.safetensors");
//! let (trained, mut other) = (model(1), model(2));
//! // In Python: model.load_state_dict(safetensors.torch.load_file(path))
//! layers.export(&trained, &path)?;
//! let report = layers.import(&mut other, &path)?;
//! assert!(report.unused.is_empty());
//! let w_x = other.find("lstm/w_x").unwrap();
//! assert_eq!(other.get(w_x).to_vec(), trained.get(w_x).to_vec());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod export;
mod gates;
mod import;
mod layout;
#[cfg(test)]
mod tests;

pub use error::TorchError;
pub use import::TorchImport;

/// A recurrent layer of PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TorchKind {
    /// `torch.nn.LSTM`
    Lstm,
    /// `torch.nn.GRU`
    Gru,
}

impl TorchKind {
    /// What PyTorch calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lstm => "nn.LSTM",
            Self::Gru => "nn.GRU",
        }
    }
}

/// Where the parameters of one layer are in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchLayer {
    /// Path above `w_x` of the cell that reads forwards, such as `lstm`; empty if there is none.
    pub forward: String,
    /// The same of the cell that reads backwards, if the layer is bidirectional.
    pub reverse: Option<String>,
}

/// What is converted: the layers of one `nn.LSTM` or `nn.GRU`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchLayers {
    /// What they are.
    pub kind: TorchKind,
    /// All layers, the one that reads the input first.
    pub layers: Vec<TorchLayer>,
    /// What PyTorch's names begin with, up to and with its last dot: `rnn.` if the `nn.LSTM` is the
    /// attribute `rnn` of a module; empty if it is the whole model.
    pub prefix: String,
}
