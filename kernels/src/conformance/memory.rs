//! Copies: fill, rows with strides, gather and scatter.

use proptest::prelude::Strategy;

use super::host::{Case, Host, Outputs, check_all, oracle_in};
use super::values::{Kind, Values, size, values};
use crate::Real;
use crate::backend::Backend;
use crate::dims::{CopyRows, Rows};

/// Checks upload and download, `fill`, `copy_rows`, `gather_rows` and `scatter_add_rows`, all to
/// the bit: rows are added in the order of the indices.
pub fn memory<T: Real>(backend: &dyn Backend<T>) {
    let others = [Kind::Special, Kind::Extreme];
    let fills = (size(), values(&others)).prop_map(|(len, values)| Fill { len, values });
    check_all(backend, 32, fills);

    let copies = (size(), size(), size(), size(), values(&others));
    let copies = copies.prop_map(|(rows, columns, from_gap, to_gap, values)| Copy {
        dims: CopyRows {
            rows,
            columns,
            // Source pieces may overlap, or be the same one every time.
            from_stride: (columns + 1).saturating_sub(from_gap),
            to_stride: columns + to_gap,
        },
        values,
    });
    check_all(backend, 64, copies);

    let lookups = (size(), size(), size(), values(&others));
    let lookups = lookups.prop_map(|(rows, columns, count, values)| Lookup {
        dims: Rows { rows, columns },
        count: if rows == 0 { 0 } else { count },
        values,
    });
    check_all(backend, 64, lookups);
}

#[derive(Debug)]
struct Fill {
    len: usize,
    values: Values,
}

impl Case for Fill {
    fn operation(&self) -> &'static str {
        "fill"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let mut y = host.output(self.len);
        let value = host.scalar(self.values.take(0, 1)[0]);
        host.backend.fill(value, y.view_mut());
        vec![("to", host.values(&y))]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        exact(want)
    }
}

/// No error for any result.
pub(super) fn exact(want: &Outputs) -> Vec<Vec<f64>> {
    want.iter().map(|(_, want)| vec![0.0; want.len()]).collect()
}

#[derive(Debug)]
struct Copy {
    dims: CopyRows,
    values: Values,
}

impl Case for Copy {
    fn operation(&self) -> &'static str {
        "copy_rows"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let CopyRows { rows, columns, .. } = self.dims;
        // One more element than needed on each side, to see that it stays.
        let len = |stride| rows.saturating_sub(1) * stride + columns + 1;
        let from = host.input(&self.values.take(0, len(self.dims.from_stride)));
        let mut to = host.input(&self.values.take(1, len(self.dims.to_stride)));
        host.backend.copy_rows(self.dims, from.view(), to.view_mut());
        vec![("to", host.values(&to))]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        exact(want)
    }
}

#[derive(Debug)]
struct Lookup {
    dims: Rows,
    count: usize,
    values: Values,
}

impl Case for Lookup {
    fn operation(&self) -> &'static str {
        "gather_rows and scatter_add_rows"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let Rows { rows, columns } = self.dims;
        let mut table = host.input(&self.values.take(0, rows * columns));
        let indices = host.indices(&self.values.indices(1, self.count, rows));
        let mut y = host.output(self.count * columns);
        host.backend
            .gather_rows(self.dims, table.view(), &indices, y.view_mut());
        let x = host.input(&self.values.take(2, self.count * columns));
        host.backend
            .scatter_add_rows(self.dims, x.view(), &indices, table.view_mut());
        vec![("y", host.values(&y)), ("table", host.values(&table))]
    }

    /// The oracle adds in `T` as well: with a given order of additions there is one result.
    fn want<T: Real>(&self) -> Outputs {
        self.run(&oracle_in(T::reference().as_ref()))
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        exact(want)
    }
}
