//! The numbers along an axis.

use super::text::power_of_ten;
use crate::number::shortest;

/// A number on an axis and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub text: String,
}

/// How far, in steps, a tick may be beyond the end of the axis: ends are sums and logarithms.
const SLACK: f64 = 1e-9;

/// Multiples of 1, 2 or 5 times a power of ten between two ends, `most` of them at most.
pub(super) fn linear(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let start = ((high - low) / most.max(2) as f64).log10().floor() as i32;
    let steps = (start..).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| (digit, exponent)));
    let mut multiples = steps.map(|(digit, exponent)| {
        let step = digit * power(exponent);
        let first = (low / step - SLACK).ceil();
        let count = (high / step + SLACK).floor() - first + 1.0;
        (digit, exponent, first, count)
    });
    let (digit, exponent, first, count) = multiples
        .find(|found| found.3 <= most.max(2) as f64)
        .expect("great steps give few ticks");
    let values = (0..count as u32).map(|index| {
        let digits = (first + f64::from(index)) * digit;
        // One division by an exact power of ten: 3 / 10 is 0.3, where 3 · 0.1 is not.
        let value = if exponent < 0 {
            digits / power(-exponent)
        } else {
            digits * power(exponent)
        };
        // Without the sign of −0.
        if value == 0.0 { 0.0 } else { value }
    });
    written(values.collect(), digits_alike)
}

/// Powers of ten between two ends, given as decimal logarithms, `most` of them at most; on an axis
/// of less than two decades, also 2 and 5 or 3 times powers of ten.
pub(super) fn logarithmic(low: f64, high: f64, most: usize) -> Vec<Tick> {
    if high - low < 2.0 {
        let digits: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let all = digits.map(|digits| multiples(low, high, digits));
        let found = all.into_iter().find(|values| values.len() <= most);
        return match found {
            Some(values) if values.len() >= 2 => written(values, digits_alone),
            _ => linear(power_f64(low), power_f64(high), most),
        };
    }
    let (first, last) = decades(low, high);
    let stride = [1, 2, 3, 5, 10, 20, 50, 100]
        .into_iter()
        .find(|stride| (last.div_euclid(*stride) - (first - 1).div_euclid(*stride)) as usize <= most.max(2))
        .unwrap_or(200);
    (first..=last)
        .filter(|exponent| exponent % stride == 0)
        .map(|exponent| Tick {
            value: power(exponent),
            text: power_of_ten(exponent),
        })
        .collect()
}

/// The multiples of powers of ten between two ends, given as decimal logarithms, if there is room.
pub(super) fn marks(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = decades(low, high);
    match high - low {
        ..8.0 => multiples(low, high, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
        _ => (first..=last).map(power).collect(),
    }
}

/// The least and the greatest exponent whose power is between the ends.
fn decades(low: f64, high: f64) -> (i32, i32) {
    ((low - SLACK).ceil() as i32, (high + SLACK).floor() as i32)
}

/// Digits times powers of ten between two ends, given as decimal logarithms.
fn multiples(low: f64, high: f64, digits: &[f64]) -> Vec<f64> {
    let (first, last) = decades(low, high);
    (first - 1..=last)
        .flat_map(|exponent| digits.iter().map(move |digit| digit * power(exponent)))
        .filter(|value| (low - SLACK..=high + SLACK).contains(&value.log10()))
        .collect()
}

/// A power of ten without an error of rounding on the way.
fn power(exponent: i32) -> f64 {
    format!("1e{exponent}")
        .parse()
        .expect("a printed number is a number")
}

fn power_f64(exponent: f64) -> f64 {
    10.0f64.powf(exponent)
}

/// Ticks with their texts: all as digits, or all with a power of ten if digits would be many.
fn written(values: Vec<f64>, digits: fn(f64, &[f64]) -> String) -> Vec<Tick> {
    let greatest = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let plain = (1e-3..1e6).contains(&greatest) || greatest == 0.0;
    let text = |value| {
        if plain {
            digits(value, &values)
        } else {
            scientific(value)
        }
    };
    let tick = |&value: &f64| Tick {
        value,
        text: text(value),
    };
    values.iter().map(tick).collect()
}

/// As few digits as there can be.
fn digits_alone(value: f64, _: &[f64]) -> String {
    shortest(value).replace('-', "\u{2212}")
}

/// As many decimals as any of the values has.
fn digits_alike(value: f64, all: &[f64]) -> String {
    let decimals = |value: &f64| {
        value
            .to_string()
            .split_once('.')
            .map_or(0, |(_, part)| part.len())
    };
    let decimals = all.iter().map(decimals).max().unwrap_or(0);
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

/// `1.5·10⁻⁵`.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
    let power = power_of_ten(exponent.parse().expect("an exponent is an integer"));
    match mantissa {
        "0" => "0".to_owned(),
        "1" => power,
        "-1" => format!("\u{2212}{power}"),
        _ => format!("{}·{power}", mantissa.replace('-', "\u{2212}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tick, linear, logarithmic, marks};

    fn texts(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    fn values(ticks: &[Tick]) -> Vec<f64> {
        ticks.iter().map(|tick| tick.value).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_short() {
        let unit = linear(0.0, 1.0, 10);
        assert_eq!(texts(&unit), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(values(&linear(0.0, 0.5, 6)), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(texts(&linear(-1.2, 0.4, 5)), ["−1.0", "−0.5", "0.0"]);
        assert_eq!(
            texts(&linear(-4.0, 104.0, 7)),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(texts(&linear(0.0, 2e6, 3)), ["0", "10⁶", "2·10⁶"]);
        assert_eq!(texts(&linear(-1e-5, 2e-5, 4)), ["−10⁻⁵", "0", "10⁻⁵", "2·10⁻⁵"]);
        assert_eq!(
            texts(&linear(1e5 + 0.2, 1e5 + 0.8, 4)),
            ["100000.2", "100000.4", "100000.6", "100000.8"]
        );
    }

    #[test]
    fn there_are_never_too_many() {
        for most in 2..12 {
            for high in [0.3, 1.0, 7.0, 19.9, 784.0] {
                assert!(
                    (1..=most).contains(&linear(0.0, high, most).len()),
                    "{high} {most}"
                );
                let decades = logarithmic(-high / 3.0, 0.2, most).len();
                assert!((1..=most).contains(&decades), "{high} {most}: {decades}");
            }
        }
    }

    #[test]
    fn decades_are_the_ticks_of_a_long_logarithmic_axis() {
        let found = logarithmic(-3.0, 1.0, 10);
        assert_eq!(values(&found), [1e-3, 1e-2, 1e-1, 1.0, 10.0]);
        assert_eq!(texts(&found), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
        // Twelve decades, of which every second or third fits; one is always among them.
        assert_eq!(
            texts(&logarithmic(-12.1, 0.3, 7)),
            ["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]
        );
        assert_eq!(
            texts(&logarithmic(-12.1, 0.3, 6)),
            ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]
        );
    }

    #[test]
    fn a_short_logarithmic_axis_has_ticks_within_its_decades() {
        let lengths = logarithmic(50f64.log10(), 1000f64.log10(), 10);
        assert_eq!(texts(&lengths), ["50", "100", "200", "500", "1000"]);
        let fewer = logarithmic(20f64.log10(), 980f64.log10(), 4);
        assert_eq!(texts(&fewer), ["30", "100", "300"]);
        assert_eq!(
            texts(&logarithmic(3f64.log10(), 4f64.log10(), 3)),
            ["3.0", "3.5", "4.0"]
        );
    }

    #[test]
    fn marks_are_all_multiples_or_all_decades() {
        let short = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 2.0, 3.0];
        let found = marks(0.5f64.log10(), 3f64.log10());
        assert_eq!(found.len(), short.len());
        for (found, expected) in found.iter().zip(short) {
            // One rounding, of the product with a power of ten.
            assert!((found / expected - 1.0).abs() <= f64::EPSILON, "{found}");
        }
        assert_eq!(marks(-9.0, 0.5).len(), 10);
    }
}
