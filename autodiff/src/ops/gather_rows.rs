//! Rows of a table, such as an embedding

use std::sync::Arc;

use kernels::{Indices, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// Row `indices[n]` of `d_table` collects row `n` of `dy`, as often as it was looked up.
struct GatherRows {
    indices: Arc<Indices>,
}

impl<T: Real> Op<T> for GatherRows {
    fn name(&self) -> &'static str {
        "gather_rows"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let table = inputs[0];
        let rows = table.shape().rows();
        let mut y = device.empty([self.indices.len(), rows.columns]);
        device
            .backend()
            .gather_rows(rows, table.view(), &self.indices, y.view_mut());
        Forward::one(y, vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let shape = pass.input_shape(0);
        let mut d_table = pass.device().zeros(shape);
        let backend = pass.device().backend();
        backend.scatter_add_rows(shape.rows(), pass.dy().view(), &self.indices, d_table.view_mut());
        vec![Gradient::Whole(d_table)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Rows of a table `[V, D]`: `y [N, D]`, row `indices[n]` at `n`. It is the product with
    /// one-hot rows, at the cost of a copy.
    ///
    /// # Panics
    /// If this is no matrix, or an index is not below `V`.
    #[track_caller]
    pub fn gather_rows(self, indices: &Arc<Indices>) -> Self {
        let shape = self.shape();
        check::matrix("gather_rows", shape);
        check::indices(
            "gather_rows",
            indices,
            shape.extent(0),
            &format!("axis 0 of the table {shape}"),
        );
        let indices = Arc::clone(indices);
        self.tape().record_one(GatherRows { indices }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices};
    use crate::{Device, Shape, Tape};

    #[test]
    fn rows_are_looked_up_and_collected() {
        for device in devices() {
            let tape = Tape::new(&device);
            let table = tape.leaf(device.tensor([3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
            let y = table.gather_rows(&device.indices(&[2, 0, 2]));
            assert_eq!(y.value().to_vec(), [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
            let gradients = tape.backward(y.sum());
            assert_eq!(
                gradients.get(table).unwrap().to_vec(),
                [1.0, 1.0, 0.0, 0.0, 2.0, 2.0]
            );
        }
    }

    #[test]
    fn gather_rows_gradcheck() {
        check(&[&[4, 3]], |tape, x| {
            vec![x[0].gather_rows(&tape.device().indices(&[3, 0, 3, 1, 3]))]
        });
    }

    #[test]
    fn no_index_gives_no_row() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        let table = tape.leaf(device.zeros([3, 2]));
        let y = table.gather_rows(&device.indices(&[]));
        assert_eq!(y.shape(), Shape::from([0, 2]));
        let gradients = tape.backward(y.sum());
        assert_eq!(gradients.get(table).unwrap().to_vec(), [0.0; 6]);
    }

    #[test]
    #[should_panic(
        expected = "gather_rows: index 3 is too large for axis 0 of the table [3, 2], indices below 3 fit"
    )]
    fn an_index_past_the_table_panics() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        tape.leaf(device.zeros([3, 2]))
            .gather_rows(&device.indices(&[0, 3]));
    }
}
