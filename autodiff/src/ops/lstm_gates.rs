//! The gates and the cell of an LSTM

use kernels::backend::{LstmGradients, LstmOutput, LstmSaved};
use kernels::{Cells, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var};

/// With `z` in the order `f, i, o, g`: `c = σ(f) ⊙ c_previous + σ(i) ⊙ tanh(g)` and `o = σ(o)`.
///
/// ```text
/// df = dc ⊙ c_previous ⊙ σ'(f)      di = dc ⊙ tanh(g) ⊙ σ'(i)
/// dg = dc ⊙ σ(i) ⊙ tanh'(g)         do = d_o ⊙ σ'(o)           dc_previous = dc ⊙ σ(f)
/// ```
struct LstmGates;

#[track_caller]
fn cells(z: Shape, c_previous: Shape) -> Cells {
    let [batch, gates] = crate::check::matrix("lstm_gates: z", z);
    let fits = Shape::from([batch, gates / 4]);
    assert!(
        gates.is_multiple_of(4),
        "lstm_gates: z {z}: axis 1 ({gates}) is not four gates of one size"
    );
    assert!(
        c_previous == fits,
        "lstm_gates: z {z} and c_previous {c_previous}; {fits} would fit"
    );
    Cells {
        batch,
        hidden: gates / 4,
    }
}

impl<T: Real> Op<T> for LstmGates {
    fn name(&self) -> &'static str {
        "lstm_gates"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (z, c_previous) = (inputs[0], inputs[1]);
        let dims = cells(z.shape(), c_previous.shape());
        let mut gates = device.empty(z.shape());
        let mut c = device.empty(c_previous.shape());
        let mut o = device.empty(c_previous.shape());
        let output = LstmOutput {
            gates: gates.view_mut(),
            c: c.view_mut(),
            o: o.view_mut(),
        };
        device
            .backend()
            .lstm_gates(dims, z.view(), c_previous.view(), output);
        Forward {
            outputs: vec![c, o],
            saved: vec![gates, c_previous.clone()],
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (gates, c_previous) = (pass.saved(0), pass.saved(1));
        let (dc, d_o) = (pass.gradient_or_zeros(0), pass.gradient_or_zeros(1));
        let mut dz = pass.device().empty(gates.shape());
        let mut dc_previous = pass.device().empty(c_previous.shape());
        let saved = LstmSaved {
            gates: gates.view(),
            c_previous: c_previous.view(),
        };
        let gradients = LstmGradients {
            dz: dz.view_mut(),
            dc_previous: dc_previous.view_mut(),
        };
        let dims = cells(gates.shape(), c_previous.shape());
        let backend = pass.device().backend();
        backend.lstm_gates_backward(dims, saved, dc.view(), d_o.view(), gradients);
        vec![Gradient::Whole(dz), Gradient::Whole(dc_previous)]
    }
}

impl<T: Real> Var<'_, T> {
    /// The gates and the cell of an LSTM (Cooijmans et al. 2016, eq. 6–7) from the summed terms
    /// `z [B, 4H]`, in the order `f, i, o, g`, and `c_previous [B, H]`: `(c, o)`, both `[B, H]`,
    /// where `o` is the gate `σ(o)`, for `h = o ⊙ tanh(c)`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn lstm_gates(self, c_previous: Self) -> (Self, Self) {
        cells(self.shape(), c_previous.shape());
        let outputs = self.tape().record(LstmGates, &[self, c_previous]);
        (outputs[0], outputs[1])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, inputs, zeros};
    use crate::{Device, Shape, Tape};

    #[test]
    fn equals_the_formula_in_plain_operations() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let inputs = inputs(&device, &[&[3, 20], &[3, 5]], |v| 3.0 * v);
            let [z, c_previous] = [0, 1].map(|i| tape.constant(inputs[i].clone()));
            let (c, o) = z.lstm_gates(c_previous);
            let gates = z.split(1, 4);
            let expected = gates[0].sigmoid() * c_previous + gates[1].sigmoid() * gates[3].tanh();
            for (got, expected) in [(c, expected), (o, gates[2].sigmoid())] {
                for (a, b) in got.value().to_vec().iter().zip(expected.value().to_vec()) {
                    // The elementary functions agree to a few units in the last place.
                    assert!((a - b).abs() < 1e-14, "{a} and {b}");
                }
            }
        }
    }

    #[test]
    fn lstm_gates_gradcheck() {
        check(&[&[3, 20], &[3, 5]], |_, x| {
            let (c, o) = x[0].lstm_gates(x[1]);
            vec![c, o]
        });
    }

    #[test]
    fn lstm_gates_with_one_output_used_gradcheck() {
        check(&[&[3, 20], &[3, 5]], |_, x| vec![x[0].lstm_gates(x[1]).0]);
        check(&[&[3, 20]], |tape, x| {
            let c_previous = tape.constant(tape.device().full([3, 5], 0.5));
            vec![x[0].lstm_gates(c_previous).1]
        });
    }

    #[test]
    fn an_empty_batch_has_gradients() {
        for device in devices() {
            let shape = zeros(&device, &[&[0, 8], &[0, 2]], |x| x[0].lstm_gates(x[1]).0);
            assert_eq!(shape, Shape::from([0, 2]));
        }
    }

    #[test]
    #[should_panic(expected = "lstm_gates: z [3, 20] and c_previous [3, 4]; [3, 5] would fit")]
    fn a_cell_of_another_size_panics() {
        zeros(&Device::reference(), &[&[3, 20], &[3, 4]], |x| {
            x[0].lstm_gates(x[1]).0
        });
    }
}
