//! `Y = X · W`

use kernels::{Gemm, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var};

/// `dX = dY · Wᵀ`, `dW = Xᵀ · dY`, with the leading axes of `X` folded into rows.
struct MatMul;

/// The shape of the product, and its dimensions.
#[track_caller]
fn product(x: Shape, w: Shape) -> (Shape, Gemm) {
    let [depth, columns] = crate::check::matrix("matmul: right operand", w);
    assert!(
        x.rank() >= 2,
        "matmul: {x} · {w}: the left operand has 1 axis; [1, {}], a row, would fit",
        x.last()
    );
    assert!(
        x.last() == depth,
        "matmul: {x} · {w}: the last axis of the left operand ({}) must equal axis 0 of the right \
         one ({depth}); a right operand [{}, {columns}] would fit",
        x.last(),
        x.last()
    );
    let shape = x.with(x.rank() - 1, columns);
    (shape, Gemm::new(x.rows().rows, depth, columns))
}

impl<T: Real> Op<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, w) = (inputs[0], inputs[1]);
        let (shape, dims) = product(x.shape(), w.shape());
        Forward::one(x.product(dims, w, shape), vec![x.clone(), w.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (x, w, dy) = (pass.saved(0), pass.saved(1), pass.dy());
        let (_, Gemm { m, k, n, .. }) = product(x.shape(), w.shape());
        let dx = pass.of_input(0, || {
            let dims = Gemm {
                transpose_b: true,
                ..Gemm::new(m, n, k)
            };
            dy.product(dims, w, x.shape())
        });
        let dw = pass.of_input(1, || {
            let dims = Gemm {
                transpose_a: true,
                ..Gemm::new(k, m, n)
            };
            x.product(dims, dy, w.shape())
        });
        vec![dx, dw]
    }
}

impl<T: Real> Var<'_, T> {
    /// Matrix product of every row with `weight [D, H]`: `[B, D]` to `[B, H]`, `[T, B, D]` to
    /// `[T, B, H]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn matmul(self, weight: Self) -> Self {
        product(self.shape(), weight.shape());
        self.tape().record_one(MatMul, &[self, weight])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, zeros};
    use crate::{Device, Shape, Tape};

    #[test]
    fn matmul_value() {
        let device = Device::<f64>::reference();
        let tape = Tape::inference(&device);
        let x = tape.constant(device.tensor([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let w = tape.constant(device.tensor([3, 1], &[1.0, 10.0, 100.0]));
        assert_eq!(x.matmul(w).value().to_vec(), [321.0, 654.0]);
    }

    #[test]
    fn matmul_gradcheck() {
        check(&[&[3, 4], &[4, 5]], |_, x| vec![x[0].matmul(x[1])]);
        check(&[&[2, 3, 4], &[4, 5]], |_, x| vec![x[0].matmul(x[1])]);
        check(&[&[1, 1, 4], &[4, 1]], |_, x| vec![x[0].matmul(x[1])]);
    }

    #[test]
    fn an_empty_batch_has_gradients() {
        for device in devices() {
            let tape = Tape::new(&device);
            let x = tape.leaf(device.zeros([0, 3]));
            let w = tape.leaf(device.full([3, 2], 1.0));
            let y = x.matmul(w);
            assert_eq!(y.shape(), Shape::from([0, 2]));
            let gradients = tape.backward(y.sum());
            assert_eq!(gradients.get(w).unwrap().to_vec(), [0.0; 6]);
            assert_eq!(gradients.get(x).unwrap().shape(), Shape::from([0, 3]));
        }
    }

    #[test]
    #[should_panic(
        expected = "matmul: [64, 10] · [12, 400]: the last axis of the left operand (10) must equal \
                    axis 0 of the right one (12); a right operand [10, 400] would fit"
    )]
    fn shapes_that_do_not_fit_panic() {
        zeros(&Device::reference(), &[&[64, 10], &[12, 400]], |x| {
            x[0].matmul(x[1])
        });
    }
}
