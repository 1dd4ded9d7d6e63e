//! Properties for shapes of every rank, empty ones included.

use autodiff::{Device, Shape, Tape, Var, gradcheck, values};
use kernels::Binary;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Extents of 1 to 4 axes.
fn dims() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..4, 1..=4)
}

/// A shape that `dims` broadcasts with: some axes become 1, some leading ones are left out.
fn partner(dims: &[usize], ones: u8, dropped: usize) -> Vec<usize> {
    let keep = |i: usize, extent: usize| if ones >> i & 1 == 1 { 1 } else { extent };
    let all = dims.iter().enumerate().map(|(i, &extent)| keep(i, extent));
    all.skip(dropped.min(dims.len() - 1)).collect()
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn broadcasting_gradcheck(
        dims in dims(), ones in (any::<u8>(), any::<u8>()), dropped in 0_usize..4, swap in any::<bool>(),
    ) {
        let device = Device::<f64>::reference();
        let mut shapes = [partner(&dims, ones.0, 0), partner(&dims, ones.1, dropped)];
        if swap {
            shapes.swap(0, 1);
        }
        let [a, b] = shapes.map(|dims| {
            let shape = Shape::new(&dims);
            device.tensor(shape, &values(shape.len() as u64, shape.len()))
        });
        let b = b.map(kernels::Unary::Shift(2.0));
        let shape = a.shape().broadcast(&b.shape()).unwrap();
        prop_assert_eq!(a.zip(Binary::Add, &b).shape(), shape);
        gradcheck(|_, x| vec![x[0] + x[1], x[0] - x[1], x[0] * x[1], x[0] / x[1]], &[a, b]);
    }

    #[test]
    fn a_repeated_tensor_sums_back(dims in dims(), ones in any::<u8>(), dropped in 0_usize..4) {
        let device = Device::<f64>::reference();
        let (large, small) = (Shape::new(&dims), Shape::new(&partner(&dims, ones, dropped)));
        let x = device.tensor(small, &values(1, small.len()));
        let repeated = x.broadcast_to(large);
        prop_assert_eq!(repeated.shape(), large);
        let times = if small.is_empty() { 0 } else { large.len() / small.len() };
        for (sum, x) in repeated.sum_to(small).to_vec().into_iter().zip(x.to_vec()) {
            // At most 81 equal terms of magnitude one.
            prop_assert!((sum - times as f64 * x).abs() < 1e-13);
        }
    }

    #[test]
    fn what_is_cut_joins_again(dims in dims(), at in (0_usize..4, 0_usize..4)) {
        let device = Device::<f64>::reference();
        let shape = Shape::new(&dims);
        let axis = at.0 % shape.rank();
        let extent = shape.extent(axis);
        let middle = at.1.min(extent);
        let tape = Tape::new(&device);
        let x = tape.leaf(device.tensor(shape, &values(1, shape.len())));
        let expected = x.value().to_vec();

        let halves = [x.slice(axis, 0..middle), x.slice(axis, middle..extent)];
        let joined = Var::concat(&halves, axis);
        prop_assert_eq!(joined.shape(), shape);
        prop_assert_eq!(joined.value().to_vec(), expected.clone());

        let mut again = joined;
        if extent > 0 {
            again = Var::concat(&x.split(axis, extent), axis);
            prop_assert_eq!(again.value().to_vec(), expected);
        }
        let weights = device.tensor(shape, &values(2, shape.len()));
        let gradients = tape.backward_from(&[(joined, weights.clone()), (again, weights.clone())]);
        let doubled: Vec<f64> = weights.to_vec().iter().map(|v| 2.0 * v).collect();
        prop_assert_eq!(gradients.get(x).unwrap().to_vec(), doubled);
    }

    #[test]
    fn transposing_twice_changes_nothing(rows in 0_usize..6, columns in 0_usize..6) {
        let device = Device::<f64>::reference();
        let x = device.tensor([rows, columns], &values(1, rows * columns));
        let transposed = x.transpose();
        prop_assert_eq!(transposed.shape(), Shape::from([columns, rows]));
        let (flat, turned) = (x.to_vec(), transposed.to_vec());
        for row in 0..rows {
            for column in 0..columns {
                prop_assert_eq!(turned[column * rows + row], flat[row * columns + column]);
            }
        }
        prop_assert_eq!(transposed.transpose().to_vec(), flat);
    }
}
