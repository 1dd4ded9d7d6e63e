//! How the norms of gradients are spread.

use super::event::Histogram;

/// Buckets in a factor of ten.
const BUCKETS_PER_DECADE: f64 = 4.0;

/// The histogram of `log10` of the norms, with the same limits at each update; none without norms.
///
/// A norm of 0, and all that is smaller than the smallest normal `f32`, counts as that smallest one:
/// gradients that vanish are to be seen. What is not finite is left out.
pub(super) fn of_norms(norms: &[f32]) -> Option<Histogram> {
    let finite = norms.iter().filter(|norm| norm.is_finite());
    let logs: Vec<f64> = finite
        .map(|norm| f64::from(norm.max(f32::MIN_POSITIVE)).log10())
        .collect();
    let min = logs.iter().copied().reduce(f64::min)?;
    let max = logs.iter().copied().reduce(f64::max)?;
    let bucket = |log: f64| (log * BUCKETS_PER_DECADE).floor();
    let first = bucket(min);
    let mut buckets = vec![0.0; (bucket(max) - first) as usize + 1];
    for &log in &logs {
        buckets[(bucket(log) - first) as usize] += 1.0;
    }
    let limits = (1..=buckets.len()).map(|index| (first + index as f64) / BUCKETS_PER_DECADE);
    Some(Histogram {
        min,
        max,
        count: logs.len() as f64,
        sum: logs.iter().sum(),
        sum_of_squares: logs.iter().map(|log| log * log).sum(),
        limits: limits.collect(),
        buckets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_counted_by_quarters_of_a_decade() {
        // log10: 0, 1/4 and a bit, 1/2 and a bit, twice, −1.
        let histogram = of_norms(&[1.0, 1.8, 3.2, 3.2, 0.1]).unwrap();
        // 0.1 as an f32 is a bit more than a tenth.
        assert_eq!(histogram.min, f64::from(0.1_f32).log10());
        assert_eq!(histogram.max, f64::from(3.2_f32).log10());
        assert_eq!(histogram.limits, [-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75]);
        assert_eq!(histogram.buckets, [1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0]);
        assert_eq!(histogram.count, 5.0);
        let logs = [0.0, 0.255_272_5, 0.505_15, 0.505_15, -1.0_f64];
        let sum: f64 = logs.iter().sum();
        let squares: f64 = logs.iter().map(|log| log * log).sum();
        // The logarithms above have seven decimals.
        assert!((histogram.sum - sum).abs() < 1e-6, "{}", histogram.sum);
        assert!((histogram.sum_of_squares - squares).abs() < 1e-6);
    }

    #[test]
    fn vanished_norms_are_seen() {
        let histogram = of_norms(&[0.0, 1e-40, 1.0]).unwrap();
        assert_eq!(histogram.min, f64::from(f32::MIN_POSITIVE).log10());
        assert_eq!(histogram.buckets.first(), Some(&2.0));
        assert_eq!(histogram.buckets.last(), Some(&1.0));
        assert_eq!(histogram.count, 3.0);
    }

    #[test]
    fn one_value_has_one_bucket() {
        let histogram = of_norms(&[1.0; 3]).unwrap();
        assert_eq!((histogram.limits, histogram.buckets), (vec![0.25], vec![3.0]));
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let histogram = of_norms(&[f32::NAN, 1.0, f32::INFINITY]).unwrap();
        assert_eq!(histogram.count, 1.0);
        assert_eq!(of_norms(&[f32::NAN]), None);
        assert_eq!(of_norms(&[]), None);
    }
}
