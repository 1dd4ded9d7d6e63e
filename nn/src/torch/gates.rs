//! Order of gates and layout of matrices.

use super::TorchKind;

impl TorchKind {
    /// Place in PyTorch of each gate here: i, f, g, o against f, i, o, g; r, z, n is r, z, n.
    fn places(self) -> &'static [usize] {
        match self {
            Self::Lstm => &[1, 0, 3, 2],
            Self::Gru => &[0, 1, 2],
        }
    }

    /// `G`, the number of gates.
    pub(super) fn gates(self) -> usize {
        self.places().len()
    }

    /// `[G·H, D]` with PyTorch's order of gates as `[D, G·H]` with the order here. A bias is a
    /// matrix with D = 1.
    pub(super) fn imported<T: Copy>(self, values: &[T], hidden_size: usize, columns: usize) -> Vec<T> {
        let places = self.places().iter();
        let rows: Vec<usize> = places
            .flat_map(|place| (0..hidden_size).map(move |unit| place * hidden_size + unit))
            .collect();
        (0..columns)
            .flat_map(|column| rows.iter().map(move |row| values[row * columns + column]))
            .collect()
    }

    /// The inverse of [`imported`](Self::imported).
    pub(super) fn exported<T: Copy>(self, values: &[T], hidden_size: usize, rows: usize) -> Vec<T> {
        let width = self.gates() * hidden_size;
        let gates = 0..self.gates();
        let here = gates.map(|torch| {
            let mut places = self.places().iter();
            places.position(|&place| place == torch).expect("a permutation")
        });
        here.flat_map(|gate| (0..hidden_size).map(move |unit| gate * hidden_size + unit))
            .flat_map(|column| (0..rows).map(move |row| values[row * width + column]))
            .collect()
    }
}
