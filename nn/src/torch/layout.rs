//! Which tensors of a store and of a file belong together.

use std::collections::BTreeSet;

use kernels::Real;

use super::{TorchError, TorchKind, TorchLayers};
use crate::params::{ParamId, ParamStore};

/// One direction of one layer.
pub(super) struct Direction<'a> {
    pub kind: TorchKind,
    path: &'a str,
    prefix: &'a str,
    /// `l0`, `l0_reverse`, `l1` …
    suffix: String,
    /// Position of the layer, the one that reads the input first.
    pub layer: usize,
}

/// The parameters of one direction in the store.
pub(super) struct Cell {
    pub w_x: ParamId,
    pub w_h: ParamId,
    pub bias: ParamId,
    /// Only in a GRU.
    pub bias_n: Option<ParamId>,
    /// `h_0`, and `c_0` in an LSTM.
    pub initial: Vec<ParamId>,
    pub input_size: usize,
    pub hidden_size: usize,
}

impl TorchLayers {
    /// All directions, in PyTorch's order.
    #[track_caller]
    pub(super) fn directions(&self) -> Vec<Direction<'_>> {
        assert!(!self.layers.is_empty(), "torch: no layer is named; 1 or more fit");
        let mut directions = Vec::new();
        let mut paths = BTreeSet::new();
        for (k, layer) in self.layers.iter().enumerate() {
            let reverse = layer.reverse.as_deref().map(|path| (path, "_reverse"));
            for (path, way) in [(layer.forward.as_str(), "")].into_iter().chain(reverse) {
                assert!(
                    paths.insert(path),
                    "torch: `{path}` is named twice; each direction of each layer has a path of its own"
                );
                directions.push(Direction {
                    kind: self.kind,
                    path,
                    prefix: &self.prefix,
                    suffix: format!("l{k}{way}"),
                    layer: k,
                });
            }
        }
        directions
    }
}

impl Direction<'_> {
    /// PyTorch's name of a tensor.
    pub fn tensor(&self, stem: &str) -> String {
        format!("{}{stem}_{}", self.prefix, self.suffix)
    }

    /// The store's path of a parameter.
    pub fn param(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    }

    /// Names of the parameters of a cell.
    fn names(&self) -> [&'static str; 5] {
        match self.kind {
            TorchKind::Lstm => ["w_x", "w_h", "bias", "h_0", "c_0"],
            TorchKind::Gru => ["w_x", "w_h", "bias", "h_0", "bias_n"],
        }
    }

    /// The parameters in the store, whose shapes fit each other.
    pub fn cell<T: Real>(&self, store: &ParamStore<T>) -> Result<Cell, TorchError> {
        let paths = self.names().map(|name| self.param(name));
        let missing: Vec<String> = paths
            .into_iter()
            .filter(|path| store.find(path).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(TorchError::Parameters {
                kind: self.kind.name(),
                missing,
                found: self.siblings(store),
            });
        }
        let find = |name: &str| store.find(&self.param(name)).expect("found above");
        let (w_x, w_h) = (find("w_x"), find("w_h"));
        let cell = Cell {
            w_x,
            w_h,
            bias: find("bias"),
            bias_n: (self.kind == TorchKind::Gru).then(|| find("bias_n")),
            initial: match self.kind {
                TorchKind::Lstm => vec![find("h_0"), find("c_0")],
                TorchKind::Gru => vec![find("h_0")],
            },
            input_size: store.get(w_x).shape().extent(0),
            hidden_size: store.get(w_h).shape().extent(0),
        };
        self.check_shapes(store, &cell)?;
        Ok(cell)
    }

    fn check_shapes<T: Real>(&self, store: &ParamStore<T>, cell: &Cell) -> Result<(), TorchError> {
        let &Cell {
            input_size: d,
            hidden_size: h,
            ..
        } = cell;
        let width = self.kind.gates() * h;
        let mut expected = vec![
            (cell.w_x, vec![d, width]),
            (cell.w_h, vec![h, width]),
            (cell.bias, vec![width]),
        ];
        expected.extend(cell.bias_n.map(|id| (id, vec![h])));
        expected.extend(cell.initial.iter().map(|&id| (id, vec![h])));
        for (id, expected) in expected {
            let param = store.entry(id);
            if param.tensor.shape().dims() != expected {
                return Err(TorchError::ParameterShape {
                    kind: self.kind.name(),
                    name: param.path.clone(),
                    found: param.tensor.shape().dims().to_vec(),
                    expected,
                });
            }
        }
        Ok(())
    }

    /// What the store has below this path, or all cells of the store if that is nothing.
    fn siblings<T: Real>(&self, store: &ParamStore<T>) -> Vec<String> {
        let paths = store.iter().map(|(_, param)| param.path.as_str());
        let (below, others): (Vec<&str>, Vec<&str>) = paths.partition(|path| self.is_above(path));
        let shown = if below.is_empty() {
            others.into_iter().filter(|path| path.ends_with("w_x")).collect()
        } else {
            below
        };
        shown.into_iter().map(str::to_owned).collect()
    }

    fn is_above(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path);
        rest.is_some_and(|rest| self.path.is_empty() || rest.starts_with('/'))
    }
}

/// Paths below the directions of which PyTorch knows nothing, such as those of normalizations.
pub(super) fn without_place<T: Real>(directions: &[Direction<'_>], store: &ParamStore<T>) -> Vec<String> {
    let known: BTreeSet<String> = directions
        .iter()
        .flat_map(|direction| direction.names().map(|name| direction.param(name)))
        .collect();
    store
        .iter()
        .map(|(_, param)| &param.path)
        .filter(|path| !known.contains(*path))
        .filter(|path| directions.iter().any(|direction| direction.is_above(path)))
        .cloned()
        .collect()
}
