//! Statistics of measured times.

/// Middle of the values, which are in ascending order afterwards.
///
/// # Panics
/// If there is no value.
#[track_caller]
pub fn median(values: &mut [f64]) -> f64 {
    assert!(!values.is_empty(), "median: no value; at least 1 fits");
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_odd_and_an_even_number() {
        assert_eq!(median(&mut [5.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [5.0, 1.0, 2.0, 4.0]), 3.0);
    }

    #[test]
    #[should_panic(expected = "median: no value")]
    fn no_value_has_no_median() {
        median(&mut []);
    }
}
