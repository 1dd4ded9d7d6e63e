//! How far gates are open or shut.

use kernels::{Real, Unary};
use nn::watch;

use super::Gate;

const OPEN: f64 = 0.9;
const SHUT: f64 = 0.1;

/// Counts of the activations of the gates that were told.
#[derive(Debug, Default)]
pub(super) struct Gates(Vec<Count>);

#[derive(Debug)]
struct Count {
    cell: String,
    gate: &'static str,
    low: usize,
    high: usize,
    all: usize,
}

impl Gates {
    /// Takes in a gate at a time step, in the rows that are part of their sequences.
    pub(super) fn put<T: Real>(&mut self, gate: &watch::Gate<'_, T>) {
        let low = match gate.function {
            Unary::Tanh => T::of(-OPEN),
            _ => T::of(SHUT),
        };
        let high = T::of(OPEN);
        let live = gate.live.map(|live| live.are_live());
        let units = gate.activation.shape().last().max(1);
        let values = gate.activation.to_vec();
        let count = self.of(gate.cell, gate.name);
        for (b, row) in values.chunks_exact(units).enumerate() {
            if live.as_ref().is_none_or(|live| live[b]) {
                count.low += row.iter().filter(|&&a| a < low).count();
                count.high += row.iter().filter(|&&a| a > high).count();
                count.all += units;
            }
        }
    }

    fn of(&mut self, cell: &str, gate: &'static str) -> &mut Count {
        let is = |count: &Count| count.gate == gate && count.cell == cell;
        let place = self.0.iter().position(is).unwrap_or_else(|| {
            self.0.push(Count {
                cell: cell.to_owned(),
                gate,
                low: 0,
                high: 0,
                all: 0,
            });
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    /// The shares.
    pub(super) fn shares(&self) -> Vec<Gate> {
        let share = |count: &Count| {
            let of_all = |part: usize| (part as f64 / count.all.max(1) as f64) as f32;
            Gate {
                cell: count.cell.clone(),
                gate: count.gate.to_owned(),
                low: of_all(count.low),
                high: of_all(count.high),
            }
        };
        self.0.iter().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use autodiff::Device;
    use nn::lengths::Lengths;

    use super::*;

    #[test]
    fn made_up_cells_are_counted() {
        let device = Device::<f64>::reference();
        let activation = device.tensor([2, 3], &[0.05, 0.95, 0.5, -0.95, 0.0, 0.91]);
        let lengths = Lengths::new(&device, &[2, 1], 2);
        let mut gates = Gates::default();
        let mut put = |cell, name, function, live| {
            gates.put(&watch::Gate {
                cell,
                name,
                function,
                activation: &activation,
                live,
            });
        };
        put("a", "i", Unary::Sigmoid, None);
        put("a", "g", Unary::Tanh, None);
        // The same gate a step later, and one whose second row has ended.
        put("a", "i", Unary::Sigmoid, None);
        put("b", "i", Unary::Sigmoid, lengths.live(1));
        let expected = [
            ("a", "i", 6.0 / 12.0, 4.0 / 12.0),
            ("a", "g", 1.0 / 6.0, 2.0 / 6.0),
            ("b", "i", 1.0 / 3.0, 1.0 / 3.0),
        ];
        let shares = gates.shares();
        assert_eq!(shares.len(), expected.len());
        for (found, (cell, gate, low, high)) in shares.iter().zip(expected) {
            assert_eq!((found.cell.as_str(), found.gate.as_str()), (cell, gate));
            assert_eq!((found.low, found.high), (low as f32, high as f32));
        }
    }
}
